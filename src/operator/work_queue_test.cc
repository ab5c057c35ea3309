#include "operator/work_queue.h"

#include <gtest/gtest.h>

#include <random>

#include "base/clock_for_test.h"

namespace infra {
namespace {

using Lane = WorkQueue::Lane;

class WorkQueueTest : public ::testing::Test {
 protected:
  std::optional<WorkQueue::Key> take() {
    auto taken = queue.take();
    return taken ? std::optional(std::move(taken->key)) : std::nullopt;
  }

  JumpingClock clock;
  double spread = 0;
  WorkQueue queue{clock, [this] { return spread; }};
};

TEST_F(WorkQueueTest, ManyEditsAreOnePieceOfWork) {
  for (int i = 0; i < 100; ++i) queue.add("a");
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), std::nullopt);
  queue.done("a");
  EXPECT_EQ(take(), std::nullopt);
}

TEST_F(WorkQueueTest, NeverTwoWorkersForOneKey) {
  queue.add("a");
  ASSERT_EQ(take(), "a");
  queue.add("a");
  EXPECT_EQ(take(), std::nullopt);
  EXPECT_EQ(queue.next_due(), std::nullopt);
  queue.done("a");
  EXPECT_EQ(take(), "a");
}

TEST_F(WorkQueueTest, TheEarliestTimeWins) {
  queue.add_after("a", Duration{60'000}, Lane::kCheck);
  queue.add_after("a", Duration{10'000}, Lane::kCheck);
  queue.add_after("a", Duration{90'000}, Lane::kCheck);
  EXPECT_EQ(take(), std::nullopt);
  clock.advance(Duration{10'000});
  EXPECT_EQ(take(), "a");
}

TEST_F(WorkQueueTest, EditsGoBeforeDriftChecksThatAreDueLonger) {
  for (int i = 0; i < 50; ++i) {
    queue.add_after("drift" + std::to_string(i), Duration{0}, Lane::kCheck);
  }
  clock.advance(Duration{60'000});
  queue.add("edited");
  EXPECT_EQ(take(), "edited");
}

TEST_F(WorkQueueTest, RetriesDoubleUpToFiveMinutesAndAnEditStartsOver) {
  std::vector<std::int64_t> seconds;
  spread = 1.0;
  for (int i = 0; i < 12; ++i) {
    queue.add_failed("a");
    const auto due = *queue.next_due() - clock.steady();
    seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(due).count());
    clock.advance(Duration{300'000});
    ASSERT_EQ(take(), "a");
    queue.done("a");
  }
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300}));
  queue.add("a");
  ASSERT_EQ(take(), "a");
  queue.done("a");
  queue.add_failed("a");
  EXPECT_EQ(*queue.next_due() - clock.steady(), Duration{1'000});
}

TEST_F(WorkQueueTest, ForgottenKeysLeaveNothing) {
  queue.add_failed("a");
  queue.forget("a");
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(queue.next_due(), std::nullopt);
}

// Random walks over three keys: no key is lost, none is ever in flight twice.
TEST_F(WorkQueueTest, NoWorkIsLostInRandomOrders) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::map<std::string, bool> owed;
    std::set<std::string> running;
    for (int step = 0; step < 40; ++step) {
      const std::string key(1, static_cast<char>('a' + random() % 3));
      switch (random() % 3) {
        case 0:
          queue.add(key);
          owed[key] = true;
          break;
        case 1:
          if (auto taken = take()) {
            EXPECT_TRUE(running.insert(*taken).second);
            owed[*taken] = false;
          }
          break;
        default:
          if (running.erase(key) != 0) queue.done(key);
      }
    }
    for (const auto& key : running) queue.done(key);
    while (auto taken = take()) {
      EXPECT_TRUE(owed[*taken]);
      owed[*taken] = false;
      queue.done(*taken);
    }
    for (const auto& [key, due] : owed) EXPECT_FALSE(due) << key;
    ASSERT_EQ(queue.waiting() + queue.in_flight(), 0u);
  }
}

}  // namespace
}  // namespace infra
