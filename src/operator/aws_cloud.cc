#include "operator/aws_cloud.h"

#include <utility>

#include "planning/access.h"

namespace infra {
std::shared_ptr<AwsCloud> AwsCloud::used_by(aws::Caller caller) const {
  auto out = std::make_shared<AwsCloud>(*this);
  out->caller_ = std::move(caller);
  return out;
}

std::shared_ptr<AwsCloud> AwsCloud::observed_by(aws::CallObserver observer) const {
  auto out = std::make_shared<AwsCloud>(*this);
  out->observer_ = std::move(observer);
  return out;
}

void AwsCloud::set_caller(const Json& identity, aws::Budgets& budgets) {
  location_.account_id = text_at(identity, "Account");
  client_->keep_within(budgets, location_.account_id);
  const std::string partition = planning::partition_of(text_at(identity, "Arn"));
  if (!partition.empty()) location_.partition = partition;
}

aws::CallOptions AwsCloud::call_options() const {
  aws::CallOptions out;
  out.observer = observer_;
  out.caller = caller_;
  return out;
}

Task<Result<Json>> AwsCloud::call(std::string service, std::string operation, Json input,
                                  Intent intent) {
  aws::CallOptions options = call_options();
  options.retry_unknown = intent != Intent::kCreate;
  auto answer = co_await client_->call(std::move(service), std::move(operation), std::move(input),
                                       std::move(options));
  co_return answer;
}

Task<Result<Json>> AwsCloud::call_all_pages(std::string service, std::string operation,
                                            Json input) {
  aws::CallOptions options = call_options();
  auto answer = co_await client_->call_paged(std::move(service), std::move(operation),
                                             std::move(input), std::move(options));
  co_return answer;
}

Task<Result<Json>> AwsCloud::read_together(std::string service, std::string operation, Json input,
                                           const definition::Together& together, std::string id) {
  auto read = [this, service, operation](Json of_all) {
    return call_all_pages(service, operation, std::move(of_all));
  };
  auto shared =
      co_await shared_->ask(service + " " + operation, together, std::move(id), std::move(read));
  if (shared) co_return std::move(*shared);
  auto alone = co_await call_all_pages(std::move(service), std::move(operation), std::move(input));
  co_return alone;
}

}  // namespace infra
