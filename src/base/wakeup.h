#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "base/clock.h"

namespace infra {

// Lets one coroutine wait until something has happened or a time has come. A notify() that finds
// nobody waiting is remembered, so nothing is missed between a look and the wait. Outlives whoever
// waits for it.
class Wakeup {
 public:
  Wakeup() = default;
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void notify();
  // Returns at notify() or at `until`; without `until` only at notify(). Throws
  // boost::system::system_error(operation_aborted) if the waiting coroutine is cancelled.
  Task<void> wait(Clock& clock, std::optional<SteadyTime> until = std::nullopt);

 private:
  struct Waiting;
  Task<void> wait_for_notify();

  bool notified_ = false;
  Waiting* waiting_ = nullptr;  // in the frame of who waits; either may go first
};

}  // namespace infra
