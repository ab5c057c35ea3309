#include "operator/aws_cloud.h"

#include <utility>

namespace infra {

Task<Result<Json>> AwsCloud::call(std::string service, std::string operation, Json input,
                                  Intent intent) {
  aws::CallOptions options;
  options.retry_unknown = intent != Intent::kCreate;
  auto answer = co_await client_->call(std::move(service), std::move(operation), std::move(input),
                                       std::move(options));
  co_return answer;
}

Task<Result<Json>> AwsCloud::call_all_pages(std::string service, std::string operation,
                                            Json input) {
  auto answer =
      co_await client_->call_paged(std::move(service), std::move(operation), std::move(input));
  co_return answer;
}

}  // namespace infra
