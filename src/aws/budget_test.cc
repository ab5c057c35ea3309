#include "aws/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/clock_for_test.h"

namespace infra::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct BudgetTest : testing::Test {
  // What has got its turn is in `turns` under its name; what was refused in `refused`.
  void take(const std::string& name, Caller caller, Duration patience = Duration{60'000}) {
    boost::asio::co_spawn(io, budget.take(std::move(caller), patience),
                          [this, name](std::exception_ptr error, Result<void> done) {
                            if (error) return;
                            if (done) turns.push_back(name);
                            if (!done) refused.push_back(done.error());
                          });
    run();
  }
  void run() {
    io.restart();
    io.poll();
  }
  void pass(Duration time) {
    clock.advance(time);
    run();
  }
  // So many requests a second for some seconds, which AWS takes.
  void send(int a_second, int for_seconds) {
    for (int i = 0; i < a_second * for_seconds; ++i) {
      take("", {});
      budget.note_answer(false);
      pass(Duration{1000 / a_second});
    }
    turns.clear();
  }

  HandClock clock;
  Budget budget{clock, "ec2 CreateVpc of account 123456789012 in eu-west-1"};
  boost::asio::io_context io;  // goes before it, with all that waits
  std::vector<std::string> turns;
  std::vector<Error> refused;
};

TEST_F(BudgetTest, ThereIsNoLimitUntilAwsThrottles) {
  for (int i = 0; i < 1000; ++i) take("a", {});
  EXPECT_EQ(turns.size(), 1000u);
  EXPECT_EQ(budget.rate(), std::nullopt);
}

TEST_F(BudgetTest, FollowsWhatAwsTakes) {
  send(50, 5);
  budget.note_answer(true);
  ASSERT_TRUE(budget.rate());
  EXPECT_NEAR(*budget.rate(), 35, 5);
  // As many as there are turns, for a while, all taken: it comes back to what was sent before.
  for (int i = 0; i < 600; ++i) {
    take("a", {});
    budget.note_answer(false);
    pass(Duration{10});
  }
  EXPECT_GT(*budget.rate(), 45);
  const double before = *budget.rate();
  budget.note_answer(true);
  EXPECT_LT(*budget.rate(), before);
}

TEST_F(BudgetTest, WhatWasLongAgoIsForgotten) {
  send(10, 3);
  budget.note_answer(true);
  ASSERT_TRUE(budget.rate());
  pass(std::chrono::minutes(5));
  EXPECT_EQ(budget.rate(), std::nullopt);
}

TEST_F(BudgetTest, EditsGoFirstAndNamespacesTakeTurns) {
  send(10, 3);
  budget.note_answer(true);
  for (const char* name : {"check-1", "check-2"}) take(name, {Lane::kCheck, "big"});
  for (const char* name : {"big-1", "big-2", "big-3"}) take(name, {Lane::kEdit, "big"});
  take("small", {Lane::kEdit, "small"});
  EXPECT_THAT(turns, IsEmpty());
  for (int i = 0; i < 100 && turns.size() < 6; ++i) pass(Duration{50});
  EXPECT_THAT(turns, ElementsAre("big-1", "small", "big-2", "big-3", "check-1", "check-2"));
  EXPECT_EQ(budget.waiting(), 0u);
}

TEST_F(BudgetTest, WhoseTurnComesTooLateIsToldWhen) {
  send(10, 3);
  budget.note_answer(true);
  for (int i = 0; i < 20; ++i) take("waits", {Lane::kEdit, "n"});
  take("check", {Lane::kCheck, "n"}, Duration{1'000});
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].code, Code::kThrottled);
  EXPECT_THAT(refused[0].message,
              HasSubstr("AWS has throttled ec2 CreateVpc of account 123456789012 in eu-west-1: "));
  EXPECT_GT(refused[0].retry_after.value_or(Duration{0}), Duration{1'000});
  EXPECT_EQ(budget.waiting(), 20u) << "it is not among them";
}

TEST_F(BudgetTest, WhoIsCancelledHoldsUpNobody) {
  send(10, 3);
  budget.note_answer(true);
  boost::asio::cancellation_signal stop;
  boost::asio::co_spawn(
      io, budget.take({}, Duration{60'000}),
      boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr, Result<void>) {}));
  run();
  take("next", {});
  stop.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(budget.waiting(), 1u);
  for (int i = 0; i < 10; ++i) pass(Duration{50});
  EXPECT_THAT(turns, ElementsAre("next"));
}

}  // namespace
}  // namespace infra::aws
