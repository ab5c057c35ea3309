#include "operator/change_queue.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/task_scope.h"
#include "kube/fakes_for_test.h"
#include "operator/fake_queue_for_test.h"
#include "operator/times_in_for_test.h"

namespace infra {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kUs = "arn:aws:sts::111122223333:assumed-role/operator/session";

class ChangeQueueTest : public kube::Bench {
 protected:
  ChangeQueue& start(std::optional<reconcile::Condition> said = {}) {
    ChangeQueue::Source source{
        .url = "https://sqs/changes", .cloud = aws, .caller = kUs, .said = std::move(said)};
    auto sink = [this](const ChangeEvent& event) {
      seen.push_back(*event.names.begin());
      return event.names.contains("ours");
    };
    queue.emplace(clock, [] { return 1.0; }, std::move(source), std::move(sink), results, log);
    queue->on_condition = [this] { ++told; };
    scope.spawn(queue->run());
    return *queue;
  }
  void send(const Json& message) { aws->messages.push_back(boost::json::serialize(message)); }
  // Runs until the queue has been asked so often, and nothing more happens without time.
  void until_asked(std::size_t times) {
    EXPECT_TRUE(run_until([&] { return aws->asked.size() >= times; }));
    io.restart();
    io.poll();
  }
  Duration until_told(int times) {
    const SteadyTime started = clock.steady();
    EXPECT_TRUE(run_until([&] { return told >= times; }));
    return std::chrono::duration_cast<Duration>(clock.steady() - started);
  }
  double count(const std::string& result) { return results.with({result}).value(); }
  int lines(const std::string& text) { return int(times_in(log_text.str(), text)); }

  telemetry::Registry registry;
  telemetry::CounterFamily<1> results{registry, "events", "Events.", {"result"}};
  std::ostringstream log_text;
  telemetry::Logger log{log_text, telemetry::Level::kInfo, telemetry::Format::kJson, clock};
  std::shared_ptr<FakeQueue> aws = std::make_shared<FakeQueue>(clock);
  std::vector<std::string> seen;
  int told = 0;
  TaskScope scope{io.get_executor(), [](const std::exception_ptr&) { ADD_FAILURE(); }};
  std::optional<ChangeQueue> queue;
};

TEST_F(ChangeQueueTest, HandsOnWhatHasChangedAndDeletesIt) {
  send(change_of("ours"));
  send(change_of("theirs"));
  start();
  until_asked(2);
  EXPECT_THAT(seen, ElementsAre("ours", "theirs"));
  EXPECT_EQ(aws->deleted, 2);
  EXPECT_EQ(count("matched"), 1);
  EXPECT_EQ(count("unmatched"), 1);
}

TEST_F(ChangeQueueTest, AsksOnceWithoutWaitingAndThenWaitsAsLongAsSqsDoes) {
  start();
  until_asked(1);
  EXPECT_EQ(*find_path(aws->asked[0], "WaitTimeSeconds"), Json(0));
  EXPECT_EQ(text_at(aws->asked[0], "QueueUrl"), "https://sqs/changes");
  const SteadyTime started = clock.steady();
  until_asked(3);
  EXPECT_EQ(*find_path(aws->asked[2], "WaitTimeSeconds"), Json(20));
  EXPECT_EQ(clock.steady() - started, Duration{22'000});
}

TEST_F(ChangeQueueTest, AMessageIsSeenWhileItWaits) {
  start();
  until_asked(2);
  run_until([] { return false; }, 5);
  send(change_of("ours"));
  const SteadyTime sent = clock.steady();
  EXPECT_TRUE(run_until([this] { return !seen.empty(); }));
  EXPECT_LE(clock.steady() - sent, Duration{100});
}

TEST_F(ChangeQueueTest, ManyMessagesAreTakenAtOnce) {
  for (int i = 0; i < 10'000; ++i) send(change_of("ours"));
  start();
  const SteadyTime started = clock.steady();
  until_asked(1'001);
  EXPECT_EQ(seen.size(), 10'000u);
  EXPECT_LE(clock.steady() - started, Duration{20'000});
}

TEST_F(ChangeQueueTest, WhatWasReadOrRefusedOrDoneByUsIsNothingNew) {
  Json read = change_of("ours");
  set_path(read, "detail.readOnly", true);
  Json refused = change_of("ours");
  set_path(refused, "detail.errorCode", "AccessDenied");
  Json own = change_of("ours");
  set_path(own, "detail.userIdentity.arn", kUs);
  set_path(own, "detail.userAgent", "[infra-operator]");
  for (const Json& message : {read, refused, own}) send(message);
  start();
  until_asked(2);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(count("ignored"), 3);
  EXPECT_EQ(aws->deleted, 3);
}

TEST_F(ChangeQueueTest, OthersWithOurKeysOrOurNameAreSeen) {
  Json keys = change_of("ours");
  set_path(keys, "detail.userIdentity.arn", kUs);
  set_path(keys, "detail.userAgent", "aws-cli/2");
  Json name = change_of("ours");
  set_path(name, "detail.userIdentity.arn", "arn:aws:iam::111122223333:user/anna");
  set_path(name, "detail.userAgent", "infra-operator");
  send(keys);
  send(name);
  start();
  until_asked(2);
  EXPECT_EQ(count("matched"), 2);
}

TEST_F(ChangeQueueTest, WhatIsOfAnotherPlaceIsRefusedAndDeleted) {
  Json account = change_of("ours");
  set_path(account, "account", "999999999999");
  Json region = change_of("ours");
  set_path(region, "region", "us-east-1");
  send(account);
  send(region);
  aws->messages.push_back("hush");
  start();
  until_asked(2);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(count("refused"), 3);
  EXPECT_EQ(aws->deleted, 3);
  EXPECT_THAT(log_text.str(),
              HasSubstr("another account or region than 111122223333 in eu-west-1"));
  EXPECT_THAT(log_text.str(), Not(HasSubstr("999999999999")));
  EXPECT_THAT(log_text.str(), Not(HasSubstr("hush")));
}

TEST_F(ChangeQueueTest, WhatIsGlobalIsToldOfInOneRegion) {
  Json role = change_of("ours");
  set_path(role, "region", "us-east-1");
  set_path(role, "detail.eventSource", "iam.amazonaws.com");
  send(role);
  start();
  until_asked(2);
  EXPECT_EQ(count("matched"), 1);
}

TEST_F(ChangeQueueTest, RefusalsDoNotFillTheLog) {
  for (int i = 0; i < 500; ++i) aws->messages.push_back("[]");
  start();
  until_asked(60);
  EXPECT_EQ(count("refused"), 500);
  EXPECT_EQ(lines("refused a message"), 1);
  clock.advance(std::chrono::minutes(10));
  aws->messages.push_back("[]");
  until_asked(62);
  EXPECT_EQ(lines("refused a message"), 2);
}

TEST_F(ChangeQueueTest, SaysThatItReads) {
  start();
  EXPECT_EQ(until_told(1), Duration{0});
  EXPECT_EQ(queue->condition()->type, "EventsReceived");
  EXPECT_EQ(queue->condition()->status, "True");
  until_asked(20);
  EXPECT_EQ(told, 1);
}

TEST_F(ChangeQueueTest, WhatWasSaidBeforeIsNotSaidAgain) {
  start(reconcile::Condition{"EventsReceived", "True", "Received", "x"});
  until_asked(3);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(queue->condition()->message, "x");
}

TEST_F(ChangeQueueTest, SaysWhatIsMissingAfterThreeFailures) {
  aws->receive = Error{.code = Code::kDenied, .message = "AccessDenied"};
  start();
  EXPECT_EQ(until_told(1), Duration{3'000});
  EXPECT_EQ(aws->asked.size(), 3u);
  EXPECT_EQ(queue->condition()->status, "False");
  EXPECT_EQ(queue->condition()->reason, "AccessDenied");
  EXPECT_EQ(queue->condition()->message,
            std::string("AccessDenied; allow sqs:ReceiveMessage and sqs:DeleteMessage on the queue "
                        "to ") +
                kUs + ". Until then changes are found at the next look");
  aws->receive.reset();
  until_told(2);
  EXPECT_EQ(queue->condition()->status, "True");
  EXPECT_EQ(lines("cannot read the queue"), 1);
}

TEST_F(ChangeQueueTest, ItsPausesGrowToAboutAMinute) {
  aws->receive = Error{.code = Code::kNotFound, .message = "QueueDoesNotExist"};
  start();
  until_asked(1);
  std::vector<int> pauses;
  for (std::size_t i = 2; i <= 9; ++i) {
    const SteadyTime before = clock.steady();
    until_asked(i);
    pauses.push_back(int((clock.steady() - before) / std::chrono::seconds(1)));
  }
  EXPECT_THAT(pauses, ElementsAre(1, 2, 4, 8, 16, 32, 64, 64));
  EXPECT_THAT(queue->condition()->message, HasSubstr("spec.driftDetection.queueURL"));
}

TEST_F(ChangeQueueTest, ItComesAsLateAsItIsAskedTo) {
  aws->receive =
      Error{.code = Code::kThrottled, .message = "slow down", .retry_after = Duration{90'000}};
  start();
  until_asked(1);
  const SteadyTime before = clock.steady();
  until_asked(2);
  EXPECT_EQ(clock.steady() - before, Duration{90'000});
}

TEST_F(ChangeQueueTest, AFailureThatPassesIsNotSaid) {
  start();
  until_told(1);
  for (int i = 0; i < 5; ++i) {
    aws->receive = Error{.code = Code::kUnavailable, .message = "reset"};
    until_asked(aws->asked.size() + 2);
    aws->receive.reset();
    until_asked(aws->asked.size() + 2);
  }
  EXPECT_EQ(told, 1);
}

TEST_F(ChangeQueueTest, BeingHeldBackSaysNothingOfTheQueue) {
  aws->receive = Error{.code = Code::kCancelled, .message = "this process does not lead any more"};
  start();
  until_asked(6);
  EXPECT_EQ(told, 0);
}

TEST_F(ChangeQueueTest, WhatCannotBeDeletedComesAgainAndHoldsItUp) {
  send(change_of("ours"));
  aws->keeps = true;
  start();
  until_told(1);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_THAT(queue->condition()->message, HasSubstr("DeleteMessageBatch left 1 messages"));
  aws->keeps = false;
  aws->remove = Error{.code = Code::kDenied, .message = "AccessDenied"};
  until_told(2);
  EXPECT_EQ(queue->condition()->reason, "AccessDenied");
}

TEST_F(ChangeQueueTest, AnAnswerOfAnotherFormIsNoMessage) {
  start();
  until_asked(1);
  aws->messages = {"", "{}"};
  until_asked(3);
  EXPECT_EQ(count("refused"), 2);
}

TEST_F(ChangeQueueTest, AStopEndsTheWaitAtOnce) {
  start();
  until_asked(2);
  const SteadyTime before = clock.steady();
  spawn(scope.stop(clock));
  io.restart();
  io.poll();

  EXPECT_FALSE(clock.advance_to_next());
  EXPECT_EQ(clock.steady(), before);
}

}  // namespace
}  // namespace infra
