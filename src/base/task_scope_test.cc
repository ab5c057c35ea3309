#include "base/task_scope.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

namespace infra {
namespace {

struct TaskScopeTest : ::testing::Test {
  Task<void> wait_for_ever() {
    try {
      co_await clock.sleep(std::chrono::hours(10));
    } catch (const boost::system::system_error&) {
      ++cancelled;
      throw;
    }
  }
  Task<void> fail_at_once() {
    throw std::runtime_error("broken");
    co_return;
  }
  Task<void> stop_scope() {
    co_await scope.stop(clock);
    stopped = true;
  }

  SystemClock clock;
  boost::asio::io_context io;
  int cancelled = 0;
  int failures = 0;
  bool stopped = false;
  TaskScope scope{io.get_executor(), [this](std::exception_ptr) { ++failures; }};
};

TEST_F(TaskScopeTest, StopCancelsAndWaits) {
  scope.spawn(wait_for_ever());
  scope.spawn(wait_for_ever());
  io.poll();
  boost::asio::co_spawn(io, stop_scope(), boost::asio::detached);
  io.restart();
  io.poll();
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(failures, 0);
  EXPECT_TRUE(stopped);
}

TEST_F(TaskScopeTest, AnExceptionIsReported) {
  scope.spawn(fail_at_once());
  io.poll();
  EXPECT_EQ(failures, 1);
}

TEST_F(TaskScopeTest, StopOfAnEmptyScopeReturns) {
  boost::asio::co_spawn(io, stop_scope(), boost::asio::detached);
  io.poll();
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace infra
