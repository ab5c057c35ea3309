#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "operator/change_event.h"
#include "reconcile/conditions.h"
#include "reconcile/seams.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace infra {

// An SQS queue with what CloudTrail tells of changes in one provider's account and region
// (docs/design/016-push-drift.md). What it brings is never believed: it has objects looked at, and
// the look at AWS decides. A message is deleted only after that, so none is lost when we are
// killed.
class ChangeQueue {
 public:
  // The type of the condition that says whether it can be read.
  static constexpr const char* kCondition = "EventsReceived";

  struct Source {
    std::string url;
    std::shared_ptr<reconcile::Cloud> cloud;        // with the provider's credentials
    std::string caller;                             // the ARN of whom they belong to
    std::optional<reconcile::Condition> said = {};  // by the provider so far
  };
  // Has the objects that a change concerns looked at; false: there are none.
  using Sink = std::function<bool(const ChangeEvent& event)>;

  // `clock` and `results`, which counts messages by kEventResults, outlive it. `random` yields [0,
  // 1).
  ChangeQueue(Clock& clock, std::function<double()> random, Source source, Sink sink,
              telemetry::CounterFamily<1>& results, telemetry::Logger log);
  ChangeQueue(const ChangeQueue&) = delete;
  ChangeQueue& operator=(const ChangeQueue&) = delete;

  // Called when condition() says something else.
  std::function<void()> on_condition;
  // None until the queue was read, or could not be a few times.
  const std::optional<reconcile::Condition>& condition() const { return condition_; }
  const Source& source() const { return source_; }

  // Until cancelled.
  Task<void> run();

 private:
  Task<Result<std::size_t>> take_some();
  Task<Result<void>> remove(JsonArray entries);
  void judge(const std::string& message);
  Result<ChangeEvent> read(const std::string& message) const;
  std::string_view result_of(const ChangeEvent& event) const;
  void refuse(const Error& error);
  void note(const Result<std::size_t>& taken);
  void say(reconcile::Condition condition);
  Duration pause_after(const Result<std::size_t>& taken) const;

  Clock& clock_;
  std::function<double()> random_;
  Source source_;
  Sink sink_;
  telemetry::CounterFamily<1>& results_;
  telemetry::Logger log_;
  std::optional<reconcile::Condition> condition_;
  bool works_ = false;
  int failures_ = 0;                     // in a row
  std::map<Code, SteadyTime> refusals_;  // when each was last told
};

}  // namespace infra
