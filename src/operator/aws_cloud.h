#pragma once

#include <memory>
#include <string>

#include "aws/client.h"
#include "reconcile/seams.h"

namespace infra {

// AWS with the credentials, region and tags of one provider.
class AwsCloud final : public reconcile::Cloud {
 public:
  AwsCloud(std::shared_ptr<aws::Client> client, planning::TagPolicy tags, bool heals_drift)
      : client_(std::move(client)), tags_(std::move(tags)), heals_drift_(heals_drift) {}

  // The same, with an observer that hears of each attempt of its calls.
  std::shared_ptr<AwsCloud> observed_by(aws::CallObserver observer) const;

  Task<Result<Json>> call(std::string service, std::string operation, Json input,
                          Intent intent) override;
  Task<Result<Json>> call_all_pages(std::string service, std::string operation,
                                    Json input) override;
  const std::string& region() const override { return client_->config().region; }
  const std::string& account_id() const override { return account_id_; }
  const planning::TagPolicy& tag_policy() const override { return tags_; }
  bool heals_drift() const override { return heals_drift_; }

  // As STS says it; known before the first object is reconciled.
  void set_account_id(std::string id) { account_id_ = std::move(id); }

 private:
  aws::CallOptions call_options() const;

  std::shared_ptr<aws::Client> client_;
  aws::CallObserver observer_;
  std::string account_id_;
  planning::TagPolicy tags_;
  bool heals_drift_;
};

}  // namespace infra
