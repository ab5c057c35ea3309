#pragma once

#include "base/clock.h"
#include "reconcile/seams.h"

namespace infra {

// AWS for one reconcile, which has its time: after `until` nothing more is sent, so that an object
// whose every call takes long cannot keep a place for ever. What is refused then is kCancelled; the
// next reconcile goes on from what has been saved.
class TimelyCloud final : public reconcile::Cloud {
 public:
  TimelyCloud(reconcile::Cloud& cloud, const Clock& clock, SteadyTime until)
      : cloud_(cloud), clock_(clock), until_(until) {}

  Task<Result<Json>> call(std::string service, std::string operation, Json input,
                          Intent intent) override;
  Task<Result<Json>> call_all_pages(std::string service, std::string operation,
                                    Json input) override;
  Task<Result<Json>> read_together(std::string service, std::string operation, Json input,
                                   const definition::Together& together, std::string id) override;
  const reconcile::Location& location() const override { return cloud_.location(); }
  const planning::TagPolicy& tag_policy() const override { return cloud_.tag_policy(); }
  const planning::DriftPolicy& drift_policy() const override { return cloud_.drift_policy(); }

 private:
  bool is_over() const { return clock_.steady() >= until_; }

  reconcile::Cloud& cloud_;
  const Clock& clock_;
  SteadyTime until_;
};

}  // namespace infra
