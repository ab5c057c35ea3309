#pragma once

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace infra {

inline constexpr WallTime kTestStart{std::chrono::seconds(1'800'000'000)};

// Time that jumps forward by what is slept, at once.
class JumpingClock final : public Clock {
 public:
  WallTime wall() const override { return start + passed; }
  SteadyTime steady() const override { return SteadyTime(passed); }
  Task<void> sleep(Duration duration) override {
    slept.push_back(duration);
    advance(duration);
    co_return;
  }
  void advance(Duration duration) { passed += duration; }

  WallTime start = kTestStart;
  Duration passed{0};
  std::vector<Duration> slept;
};

// Time that passes only when a test turns it; who sleeps waits for that.
class HandClock final : public Clock {
 public:
  WallTime wall() const override { return kTestStart + now_; }
  SteadyTime steady() const override { return SteadyTime(now_); }

  Task<void> sleep(Duration duration) override {
    auto executor = co_await boost::asio::this_coro::executor;
    Waiter waiter(*this, executor, now_ + duration);
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    co_await waiter.timer.async_wait(token);
    if (!waiter.fired) throw boost::system::system_error(boost::asio::error::operation_aborted);
  }

  void advance(Duration duration) { turn(now_ + duration); }

  // To the earliest moment that somebody waits for; false if nobody waits.
  bool advance_to_next() {
    std::optional<Duration> next;
    for (Waiter* waiter : waiters_) {
      if (!waiter->fired && (!next || waiter->until < *next)) next = waiter->until;
    }
    if (!next) return false;
    turn(std::max(now_, *next));
    return true;
  }

 private:
  // Lives in the frame of the sleeping coroutine.
  struct Waiter {
    Waiter(HandClock& owner, const boost::asio::any_io_executor& executor, Duration when)
        : clock(owner), timer(executor, boost::asio::steady_timer::time_point::max()), until(when) {
      clock.waiters_.push_back(this);
    }
    ~Waiter() { std::erase(clock.waiters_, this); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    HandClock& clock;
    boost::asio::steady_timer timer;
    Duration until;
    bool fired = false;
  };

  void turn(Duration now) {
    now_ = now;
    for (Waiter* waiter : waiters_) {
      if (waiter->fired || waiter->until > now_) continue;
      waiter->fired = true;
      waiter->timer.cancel();
    }
  }

  Duration now_{1'000'000};
  std::vector<Waiter*> waiters_;
};

}  // namespace infra
