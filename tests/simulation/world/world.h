#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/trace.h"
#include "world/network.h"
#include "world/process.h"

namespace infra::sim {

struct WorldPlan {
  std::uint64_t seed = 0;
  AwsBehaviour aws;
  KubeBehaviour kube;
  std::map<Fault, double> fault_rates;
  std::optional<std::map<std::string, Fault>> only_faults;
  Duration latency{20};
  std::vector<ClockError> pods;   // one of each
  std::vector<int> shards = {1};  // that the pods divide the work into, in turn
  OperatorSettings settings;
  Duration longest_restart{10'000};  // a pod that has ended comes back within this
};

// One world: the true time, AWS, a Kubernetes API, the network between, and pods that run the
// operator. One thread, and the same for the same plan.
class World {
 public:
  World(const Program& program, const WorldPlan& plan);

  Timeline timeline;
  Trace trace;
  FakeAws aws;
  FakeKube kube;
  FaultPlan faults;
  Network network;

  void start_pod(int number);
  // As with kill -9; it comes back by itself.
  void crash_pod(int number);
  // As on SIGTERM; comes back when `back`.
  void stop_pod(int number, bool back);
  // Stops it in the middle of anything, as SIGSTOP does; its requests go on without it.
  void pause_pod(int number, Duration length);

  // No fault happens any more, not even one that has been drawn; who is paused goes on.
  void calm();

  int pod_count() const { return int(pods_.size()); }
  int shards_of(int pod) const { return plan_.shards[std::size_t(pod) % plan_.shards.size()]; }
  const std::vector<definition::Definition>& definitions() const { return program_.definitions; }
  // Null while it is down.
  Process* process(int number) { return pods_[std::size_t(number)].process.get(); }
  bool all_down() const;
  std::uint64_t steps() const { return steps_; }

  // Lets the world go on to the next moment at which something happens; false if that would be
  // after `until`, which is then the time.
  bool step(Duration until);
  void run_until(Duration until) {
    while (step(until)) {
    }
  }

  // A process dies at its `steps`-th step from now on, counted over all pods; for sweeps.
  void crash_at_step(std::uint64_t steps) { crash_step_ = steps_ + steps; }

  // A process has written these lines to its log.
  std::function<void(int pod, const std::string& text)> on_log;
  // Something went on without end within one moment.
  std::function<void(int pod)> on_busy;
  // A process has ended by itself or on request, before it is gone.
  std::function<void(int pod, Process&)> on_end;

 private:
  struct Pod {
    ClockError clock;
    std::unique_ptr<Process> process;
    int starts = 0;
    bool doomed = false;
    bool paused = false;
    bool comes_back = true;
  };

  void settle();
  bool run_ready(Pod& pod);
  void bury(Pod& pod);
  int number_of(const Pod& pod) const { return int(&pod - pods_.data()); }

  const Program& program_;
  WorldPlan plan_;
  Random restart_random_;
  std::vector<Pod> pods_;
  std::uint64_t steps_ = 0;
  std::optional<std::uint64_t> crash_step_;
  bool calm_ = false;
};

}  // namespace infra::sim
