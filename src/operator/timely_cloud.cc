#include "operator/timely_cloud.h"

namespace infra {
namespace {

std::unexpected<Error> too_late(const std::string& operation) {
  return fail(Code::kCancelled,
              operation +
                  " was not sent: this pass has taken longer than --reconcile-timeout allows; the "
                  "next one goes on");
}

}  // namespace

Task<Result<Json>> TimelyCloud::call(std::string service, std::string operation, Json input,
                                     Intent intent) {
  if (is_over()) co_return too_late(operation);
  auto answer =
      co_await cloud_.call(std::move(service), std::move(operation), std::move(input), intent);
  co_return answer;
}

Task<Result<Json>> TimelyCloud::call_all_pages(std::string service, std::string operation,
                                               Json input) {
  if (is_over()) co_return too_late(operation);
  auto answer =
      co_await cloud_.call_all_pages(std::move(service), std::move(operation), std::move(input));
  co_return answer;
}

Task<Result<Json>> TimelyCloud::read_together(std::string service, std::string operation,
                                              Json input, const definition::Together& together,
                                              std::string id) {
  if (is_over()) co_return too_late(operation);
  auto answer = co_await cloud_.read_together(std::move(service), std::move(operation),
                                              std::move(input), together, std::move(id));
  co_return answer;
}

}  // namespace infra
