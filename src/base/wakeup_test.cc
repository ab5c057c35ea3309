#include "base/wakeup.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace infra {
namespace {

constexpr Duration kHours = std::chrono::hours(10);

struct WakeupTest : ::testing::Test {
  Task<void> wait(std::optional<SteadyTime> until) {
    co_await wakeup.wait(clock, until);
    ++returned;
  }
  void spawn(std::optional<SteadyTime> until = {}) {
    boost::asio::co_spawn(io, wait(until), boost::asio::detached);
    io.poll();
  }
  void run() {
    io.restart();
    io.poll();
  }

  SystemClock clock;
  Wakeup wakeup;
  int returned = 0;
  boost::asio::io_context io;
};

TEST_F(WakeupTest, NotifyEndsTheWait) {
  spawn();
  EXPECT_EQ(returned, 0);
  wakeup.notify();
  run();
  EXPECT_EQ(returned, 1);
}

TEST_F(WakeupTest, NotifyEndsAWaitWithATime) {
  spawn(clock.steady() + kHours);
  EXPECT_EQ(returned, 0);
  wakeup.notify();
  run();
  EXPECT_EQ(returned, 1);
}

TEST_F(WakeupTest, ANotifyBeforeTheWaitIsRememberedOnce) {
  wakeup.notify();
  wakeup.notify();
  spawn();
  EXPECT_EQ(returned, 1);
  spawn();
  EXPECT_EQ(returned, 1);
}

TEST_F(WakeupTest, ATimeThatHasComeIsNotWaitedFor) {
  spawn(clock.steady());
  EXPECT_EQ(returned, 1);
}

TEST_F(WakeupTest, TheTimeEndsTheWait) {
  spawn(clock.steady() + Duration{1});
  io.restart();
  io.run();
  EXPECT_EQ(returned, 1);
}

// As when a process ends: its io_context goes with everybody who still waits on it.
TEST_F(WakeupTest, OutlivesWhoWaitsForIt) {
  {
    boost::asio::io_context other;
    boost::asio::co_spawn(other, wait({}), boost::asio::detached);
    other.poll();
  }
  wakeup.notify();
  EXPECT_EQ(returned, 0);
  spawn();
  EXPECT_EQ(returned, 1);
}

TEST_F(WakeupTest, CancellingThrowsAborted) {
  for (const auto until : {std::optional<SteadyTime>{}, std::optional(clock.steady() + kHours)}) {
    boost::asio::cancellation_signal cancel;
    boost::system::error_code seen;
    boost::asio::co_spawn(
        io, wait(until),
        boost::asio::bind_cancellation_slot(cancel.slot(), [&seen](std::exception_ptr thrown) {
          try {
            if (thrown) std::rethrow_exception(thrown);
          } catch (const boost::system::system_error& error) {
            seen = error.code();
          }
        }));
    run();
    cancel.emit(boost::asio::cancellation_type::terminal);
    run();
    EXPECT_EQ(seen, boost::asio::error::operation_aborted);
  }
  EXPECT_EQ(returned, 0);
}

}  // namespace
}  // namespace infra
