#pragma once

#include <string>
#include <vector>

#include "reconcile/seams.h"

namespace infra {

// AWS with an eye on what it says: a refusal may quote the request, and what is hidden must not get
// into conditions, events and logs that way.
class DiscreetCloud final : public reconcile::Cloud {
 public:
  DiscreetCloud(reconcile::Cloud& cloud, std::vector<std::string> hidden)
      : cloud_(cloud), hidden_(std::move(hidden)) {}

  Task<Result<Json>> call(std::string service, std::string operation, Json input,
                          Intent intent) override;
  Task<Result<Json>> call_all_pages(std::string service, std::string operation,
                                    Json input) override;
  Task<Result<Json>> read_together(std::string service, std::string operation, Json input,
                                   const definition::Together& together, std::string id) override;
  const reconcile::Location& location() const override { return cloud_.location(); }
  const planning::TagPolicy& tag_policy() const override { return cloud_.tag_policy(); }
  const planning::DriftPolicy& drift_policy() const override { return cloud_.drift_policy(); }

  // Whether AWS was called at all.
  bool asked() const { return asked_; }

 private:
  Result<Json> without_hidden(Result<Json> answer) const;

  reconcile::Cloud& cloud_;
  std::vector<std::string> hidden_;
  bool asked_ = false;
};

}  // namespace infra
