#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/wakeup.h"
#include "kube/event_recorder.h"
#include "kube/lease_record.h"

namespace infra::kube {

struct LeaseSettings {
  std::string ns;
  std::string name = "infra-operator";
  std::string identity;  // differs between processes, also those of one pod
  Duration duration{15'000};
  Duration renew_deadline{10'000};  // shorter than `duration`: the margin in which work ends
  Duration retry{2'000};
  // The identity is that of several processes, who hold it together: one renews it for all.
  bool shared = false;
  // What a Lease is made with. Where the owner has a uid, the Lease goes with it.
  std::map<std::string, std::string> labels;
  std::optional<ObjectReference> owner;
};

// Holds a coordination.k8s.io/v1 Lease. Others may take it when its record has not changed for
// `duration` by their own clock; we stop when we could not renew it for `renew_deadline`, counted
// from before the request was sent. Between the two our work has time to end, so two leaders never
// work at once, whatever the clocks of two machines say.
class LeaderElector {
 public:
  LeaderElector(Client& client, Clock& clock, std::function<double()> random,
                LeaseSettings settings);

  // What is told; none of them may wait.
  struct Handlers {
    // After each attempt: whether the lease could be read and, where it is free or ours, written.
    std::function<void(const Result<void>&)> asked;
    std::function<void()> waiting;  // once, when the lease has been seen and is somebody else's
    std::function<void()> started;  // it is ours
    std::function<void()> stopped;  // it is lost, or may be lost soon
  };

  // Until cancelled. A cancelled run() leaves the lease ours for release(), and tells nobody that
  // it has stopped: end the work first, then cancel run(), then release.
  Task<void> run(Handlers handlers);

  // Gives the lease up, so that another can take it at once.
  Task<Result<void>> release();

  // Whether run() tries to get the lease and keeps it; it does until told otherwise. Told not to,
  // it gives back what it has, without a word to the handlers: end the work first.
  void stand(bool standing);
  // The lease as somebody else has read it, so that its holder's silence is known before we stand.
  void observe(const Json& lease);
  // Whether it could be ours, as far as is known.
  bool free_for_us() const;

  // Also false as soon as the renew deadline has passed, even before run() has noticed.
  bool leading() const;
  // Who has the lease, as last seen; empty when nobody or unknown.
  const std::string& holder() const { return record_.holder; }

 private:
  Task<void> loop(Handlers handlers);
  // Whether the lease is ours; an error where we could not find out.
  Task<Result<bool>> try_in_time(Duration limit);
  Task<Result<bool>> try_once();
  Task<Result<bool>> create();
  Task<Result<bool>> take(SteadyTime asked);
  void note(const Json& lease, SteadyTime asked);
  Task<void> stand_aside();
  JsonObject metadata() const;
  Duration pause_of_waiting() const;
  Json spec_patch() const;

  Client& client_;
  Clock& clock_;
  std::function<double()> random_;
  LeaseSettings settings_;
  LeaseRecord record_;
  SteadyTime renewed_{}, known_at_{};  // when we asked for that, and for what the record says
  bool leading_ = false;
  bool standing_ = true;
  Wakeup changed_;
};

}  // namespace infra::kube
