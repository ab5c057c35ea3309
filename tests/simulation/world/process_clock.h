#pragma once

#include "base/clock.h"
#include "core/timeline.h"

namespace infra::sim {

// How a process's clocks differ from the true time.
struct ClockError {
  Duration offset{0};  // of the wall clock
  double rate = 1;     // how fast both its clocks run
};

// The clocks of one simulated process.
class ProcessClock final : public Clock {
 public:
  ProcessClock(Timeline& timeline, ClockError error) : timeline_(timeline), error_(error) {}

  WallTime wall() const override { return Timeline::kStart + passed() + error_.offset; }
  SteadyTime steady() const override { return SteadyTime(passed() + kBoot); }
  Task<void> sleep(Duration duration) override;

  // The wall clock is set, as by a time server.
  void set_offset(Duration offset) { error_.offset = offset; }
  // In true time, how long this process takes for a while of its own.
  Duration true_length(Duration of_ours) const;

 private:
  static constexpr Duration kBoot{1'000'000};  // the machine has been up for a while

  Duration passed() const;

  Timeline& timeline_;
  ClockError error_;
};

}  // namespace infra::sim
