#include "operator/discreet_cloud.h"

namespace infra {
namespace {

constexpr std::string_view kInstead = "***";

void replace_all(std::string& text, const std::string& what) {
  if (what.empty()) return;
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + kInstead.size())) {
    text.replace(at, what.size(), kInstead);
  }
}

// As it stands inside of a JSON text.
std::string quoted(const std::string& text) {
  const std::string whole = boost::json::serialize(boost::json::string(text));
  return whole.substr(1, whole.size() - 2);
}

}  // namespace

Task<Result<Json>> DiscreetCloud::call(std::string service, std::string operation, Json input,
                                       Intent intent) {
  asked_ = true;
  auto answer =
      co_await cloud_.call(std::move(service), std::move(operation), std::move(input), intent);
  co_return without_hidden(std::move(answer));
}

Task<Result<Json>> DiscreetCloud::call_all_pages(std::string service, std::string operation,
                                                 Json input) {
  asked_ = true;
  auto answer =
      co_await cloud_.call_all_pages(std::move(service), std::move(operation), std::move(input));
  co_return without_hidden(std::move(answer));
}

Task<Result<Json>> DiscreetCloud::read_together(std::string service, std::string operation,
                                                Json input, const definition::Together& together,
                                                std::string id) {
  asked_ = true;
  auto answer = co_await cloud_.read_together(std::move(service), std::move(operation),
                                              std::move(input), together, std::move(id));
  co_return without_hidden(std::move(answer));
}

Result<Json> DiscreetCloud::without_hidden(Result<Json> answer) const {
  if (answer) return answer;
  Error error = answer.error();
  for (const std::string& text : hidden_) {
    replace_all(error.message, text);
    replace_all(error.message, quoted(text));
  }
  return std::unexpected(std::move(error));
}

}  // namespace infra
