#pragma once

#include <chrono>
#include <string>

#include "base/task.h"

namespace infra {

using Duration = std::chrono::milliseconds;
using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;

// The only source of time and of waiting. Production uses SystemClock; tests and the simulator
// turn a clock by hand.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
  // Returns when `duration` has passed. Throws boost::system::system_error(operation_aborted) if
  // the waiting coroutine is cancelled.
  virtual Task<void> sleep(Duration duration) = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  SteadyTime steady() const override;
  Task<void> sleep(Duration duration) override;
};

// RFC 3339 in UTC with whole seconds, as Kubernetes writes it: 2026-01-02T03:04:05Z.
std::string format_rfc3339(WallTime time);
// Accepts fractions of a second, which it drops, and a numeric offset. The epoch if the text is no
// time or one before it, and WallTime::max() for what a WallTime cannot hold (after 2262).
WallTime parse_rfc3339(const std::string& text);

}  // namespace infra
