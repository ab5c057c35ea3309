#include "world/world.h"

#include <fmt/format.h>

namespace infra::sim {
namespace {

// More than any honest work does without waiting for something.
constexpr int kMostStepsInOneMoment = 20'000;

}  // namespace

World::World(const Program& program, const WorldPlan& plan)
    : trace(timeline),
      aws(timeline, Random(plan.seed, "aws"), plan.aws),
      kube(timeline, Random(plan.seed, "kube"), plan.kube, program.schemas),
      faults(plan.seed, plan.fault_rates),
      network(timeline, aws, kube, faults, Random(plan.seed, "network")),
      program_(program),
      plan_(plan),
      restart_random_(plan.seed, "restarts") {
  if (plan.only_faults) faults.only(*plan.only_faults);
  network.set_latency(plan.latency);
  network.crash = [this](int pod) { pods_[std::size_t(pod)].doomed = !calm_; };
  for (const ClockError& clock : plan.pods) pods_.push_back(Pod{.clock = clock});
}

void World::start_pod(int number) {
  Pod& pod = pods_[std::size_t(number)];
  if (pod.process) return;
  ++pod.starts;
  trace.note(fmt::format("pod {} starts", number));
  const std::string stream = fmt::format("pod {} start {}", number, pod.starts);
  OperatorSettings settings = plan_.settings;
  settings.shards = shards_of(number);
  pod.process = std::make_unique<Process>(
      program_, timeline, network, Random(plan_.seed, stream),
      Process::Plan{
          .number = number, .start = pod.starts, .clock = pod.clock, .settings = settings});
}

void World::crash_pod(int number) {
  Pod& pod = pods_[std::size_t(number)];
  if (!pod.process) return;
  trace.note(fmt::format("pod {} is killed", number));
  bury(pod);
}

void World::stop_pod(int number, bool back) {
  Pod& pod = pods_[std::size_t(number)];
  pod.comes_back = back;
  if (!pod.process) return;
  trace.note(fmt::format("pod {} is told to stop", number));
  pod.process->stop();
}

void World::pause_pod(int number, Duration length) {
  Pod& pod = pods_[std::size_t(number)];
  if (pod.paused) return;
  trace.note(fmt::format("pod {} is paused for {} ms", number, length.count()));
  pod.paused = true;
  timeline.after(length, [this, number] {
    if (!pods_[std::size_t(number)].paused) return;
    trace.note(fmt::format("pod {} goes on", number));
    pods_[std::size_t(number)].paused = false;
  });
}

void World::calm() {
  calm_ = true;
  faults.calm();
  network.calm();
  for (Pod& pod : pods_) pod.paused = false;
}

bool World::all_down() const {
  for (const Pod& pod : pods_) {
    if (pod.process) return false;
  }
  return true;
}

void World::bury(Pod& pod) {
  const std::string log = pod.process->take_log();
  if (!log.empty() && on_log) on_log(number_of(pod), log);
  pod.process.reset();
  pod.doomed = false;
  if (!pod.comes_back) return;
  const Duration pause{restart_random_.between(50, plan_.longest_restart.count())};
  timeline.after(pause, [this, number = number_of(pod)] {
    if (pods_[std::size_t(number)].comes_back) start_pod(number);
  });
}

bool World::run_ready(Pod& pod) {
  bool ran = false;
  for (int count = 0; pod.process && !pod.paused; ++count) {
    if (!pod.doomed && !pod.process->step()) break;
    ran = true;
    ++steps_;
    if (crash_step_ && steps_ >= *crash_step_) {
      crash_step_.reset();
      pod.doomed = true;
    }
    if (pod.doomed) crash_pod(number_of(pod));
    if (count == kMostStepsInOneMoment) {
      if (on_busy) on_busy(number_of(pod));
      crash_pod(number_of(pod));
    }
  }
  if (!pod.process) return ran;
  if (on_log) {
    const std::string log = pod.process->take_log();
    if (!log.empty()) on_log(number_of(pod), log);
  }
  if (!pod.process->ended()) return ran;
  trace.note(fmt::format("pod {} has ended", number_of(pod)));
  if (on_end) on_end(number_of(pod), *pod.process);
  bury(pod);
  return true;
}

void World::settle() {
  bool again = true;
  while (again) {
    again = false;
    for (Pod& pod : pods_) again = run_ready(pod) || again;
  }
}

bool World::step(Duration until) {
  settle();
  return timeline.step(until);
}

}  // namespace infra::sim
