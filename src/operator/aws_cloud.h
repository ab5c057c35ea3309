#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/client.h"
#include "operator/shared_reads.h"
#include "reconcile/seams.h"

namespace infra {

// What a provider says beyond how to reach AWS.
struct ProviderPolicy {
  planning::TagPolicy tags;
  planning::DriftPolicy drift;
  bool checks = true;                      // objects that are settled are looked at now and then
  std::optional<Duration> check_interval;  // ... so often; none: as the operator is told
  std::optional<double> check_jitter;      // how much that varies, as a part of it
};

// AWS with the credentials, region and tags of one provider.
class AwsCloud final : public reconcile::Cloud {
 public:
  // The clock outlives it.
  AwsCloud(Clock& clock, std::shared_ptr<aws::Client> client, ProviderPolicy policy)
      : client_(std::move(client)),
        shared_(std::make_shared<SharedReads>(clock)),
        policy_(std::move(policy)) {
    location_.region = client_->config().region;
  }

  // The same, for one who has a turn of its own among all callers.
  std::shared_ptr<AwsCloud> used_by(aws::Caller caller) const;
  // The same, with an observer that hears of each attempt of its calls.
  std::shared_ptr<AwsCloud> observed_by(aws::CallObserver observer) const;

  Task<Result<Json>> call(std::string service, std::string operation, Json input,
                          Intent intent) override;
  Task<Result<Json>> call_all_pages(std::string service, std::string operation,
                                    Json input) override;
  Task<Result<Json>> read_together(std::string service, std::string operation, Json input,
                                   const definition::Together& together, std::string id) override;
  const reconcile::Location& location() const override { return location_; }
  const planning::TagPolicy& tag_policy() const override { return policy_.tags; }
  const planning::DriftPolicy& drift_policy() const override { return policy_.drift; }
  const ProviderPolicy& policy() const { return policy_; }

  // The answer to GetCallerIdentity; known before the first object is reconciled. Its calls keep
  // within the budgets of that account, which outlive it.
  void set_caller(const Json& identity, aws::Budgets& budgets);

 private:
  aws::CallOptions call_options() const;

  std::shared_ptr<aws::Client> client_;
  std::shared_ptr<SharedReads> shared_;  // by all that observe the same provider
  aws::CallObserver observer_;
  aws::Caller caller_;
  reconcile::Location location_;
  ProviderPolicy policy_;
};

}  // namespace infra
