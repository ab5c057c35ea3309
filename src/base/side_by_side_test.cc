#include "base/side_by_side.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <string>

#include "base/clock_for_test.h"

namespace infra {
namespace {

struct SideBySideTest : testing::Test {
  Task<void> sleep(std::string name, Duration time) {
    log += "+" + name;
    co_await clock.sleep(time);
    log += "-" + name;
  }
  Task<void> fail() {
    throw std::runtime_error("a bug");
    co_return;
  }
  void start(std::vector<Task<void>> tasks) {
    boost::asio::co_spawn(
        io, side_by_side(std::move(tasks)),
        boost::asio::bind_cancellation_slot(stop.slot(), [this](const std::exception_ptr& error) {
          ended = true;
          thrown = error != nullptr;
        }));
    run();
  }
  void run() {
    io.restart();
    io.poll();
  }

  HandClock clock;
  std::string log;
  bool ended = false, thrown = false;
  boost::asio::cancellation_signal stop;
  boost::asio::io_context io;
};

TEST_F(SideBySideTest, AllRunAtOnceAndTheLastEndsIt) {
  std::vector<Task<void>> tasks;
  tasks.push_back(sleep("a", Duration{20}));
  tasks.push_back(sleep("b", Duration{10}));
  start(std::move(tasks));
  EXPECT_EQ(log, "+a+b");
  clock.advance(Duration{10});
  run();
  EXPECT_EQ(log, "+a+b-b");
  EXPECT_FALSE(ended);
  clock.advance(Duration{10});
  run();
  EXPECT_EQ(log, "+a+b-b-a");
  EXPECT_TRUE(ended && !thrown);
}

TEST_F(SideBySideTest, NothingToDoIsDone) {
  start({});
  EXPECT_TRUE(ended && !thrown);
}

TEST_F(SideBySideTest, WhatOneThrowsComesWhenAllHaveEnded) {
  std::vector<Task<void>> tasks;
  tasks.push_back(fail());
  tasks.push_back(sleep("a", Duration{10}));
  start(std::move(tasks));
  EXPECT_FALSE(ended);
  clock.advance(Duration{10});
  run();
  EXPECT_EQ(log, "+a-a");
  EXPECT_TRUE(ended && thrown);
}

TEST_F(SideBySideTest, WhoIsCancelledCancelsAll) {
  std::vector<Task<void>> tasks;
  tasks.push_back(sleep("a", Duration{10}));
  tasks.push_back(sleep("b", Duration{10}));
  start(std::move(tasks));
  stop.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_TRUE(ended && thrown);
  EXPECT_EQ(log, "+a+b");
}

}  // namespace
}  // namespace infra
