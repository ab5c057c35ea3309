#include "operator/change_queues.h"

#include <gmock/gmock.h>

#include <sstream>

#include "kube/fakes_for_test.h"
#include "operator/fake_queue_for_test.h"

namespace infra {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ChangeQueuesTest : public kube::Bench {
 protected:
  ChangeQueuesTest() {
    definition::Definition vpc{.kind = "VPC", .service = "ec2"};
    vpc.identity.chosen = "id";
    for (const char* name : {"a", "b"}) {
      Json object = JsonObject{{"metadata", JsonObject{{"namespace", "n"}}}};
      set_path(object, "spec.providerRef.name", "p");
      set_path(object, "spec.id", Json(std::string("vpc-") + name));
      resources.set(std::string("VPC/n/") + name, vpc, object);
    }
    queues.on_change = [this](const std::string& key, Duration after) {
      looks.emplace_back(key, after.count());
    };
    queues.on_condition = [this](const std::string& provider) { conditions.push_back(provider); };
  }
  ~ChangeQueuesTest() override { finish(queues.stop()); }

  void follow(std::shared_ptr<FakeQueue> cloud, std::string url = "https://sqs/changes") {
    finish(
        queues.follow("n/p", {.url = std::move(url), .cloud = std::move(cloud), .caller = "us"}));
  }
  // Without any time going by.
  void finish(Task<void> task) {
    bool done = false;
    spawn(run_to_end(std::move(task), done));
    settle();
    EXPECT_TRUE(done);
  }
  static Task<void> run_to_end(Task<void> task, bool& done) {
    co_await std::move(task);
    done = true;
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void tell(const std::string& name) {
    aws->messages.push_back(boost::json::serialize(change_of(name)));
    const int before = aws->deleted;
    EXPECT_TRUE(run_until([&] { return aws->deleted > before; }));
  }

  telemetry::Registry registry;
  telemetry::CounterFamily<1> results{registry, "events", "Events.", {"result"}};
  std::ostringstream log_text;
  telemetry::Logger log{log_text, telemetry::Level::kInfo, telemetry::Format::kJson, clock};
  std::shared_ptr<FakeQueue> aws = std::make_shared<FakeQueue>(clock);
  NamedResources resources;
  std::vector<std::pair<std::string, std::int64_t>> looks;
  std::vector<std::string> conditions;
  ChangeQueues queues{clock, [] { return 0.0; }, resources, results, log};
};

TEST_F(ChangeQueuesTest, WhatAnEventNamesIsLookedAt) {
  follow(aws);
  tell("vpc-a");
  tell("vpc-c");
  EXPECT_THAT(looks, ElementsAre(Pair("VPC/n/a", 0)));
  EXPECT_EQ(results.with({"unmatched"}).value(), 1);
}

TEST_F(ChangeQueuesTest, OneObjectIsLookedAtEveryThreeSecondsAtMost) {
  follow(aws);
  const SteadyTime started = clock.steady();
  std::vector<std::int64_t> due;
  while (clock.steady() < started + std::chrono::seconds(10)) {
    tell("vpc-a");
    ASSERT_GE(looks.back().second, 0);
    due.push_back((clock.steady() - started).count() / 1'000'000 + looks.back().second);
  }
  std::set<std::int64_t> times(due.begin(), due.end());
  EXPECT_GE(times.size(), 3u);
  EXPECT_LE(times.size(), 5u);
  for (auto time = std::next(times.begin()); time != times.end(); ++time) {
    EXPECT_GE(*time - *std::prev(time), 3'000);
  }
  tell("vpc-b");
  EXPECT_THAT(looks.back(), Pair("VPC/n/b", 0));
}

TEST_F(ChangeQueuesTest, TheSameQueueIsReadOn) {
  follow(aws);
  const auto asked = aws->asked.size();
  follow(aws);
  EXPECT_EQ(aws->asked.size(), asked);
  EXPECT_EQ(conditions.size(), 1u);
}

TEST_F(ChangeQueuesTest, AnotherQueueOrClientTakesItsPlace) {
  follow(aws);
  const auto other = std::make_shared<FakeQueue>(clock);
  follow(other);
  const auto asked = aws->asked.size();
  run_until([] { return false; }, 300);
  EXPECT_EQ(aws->asked.size(), asked);
  EXPECT_GT(other->asked.size(), 1u);
  follow(other, "https://sqs/others");
  EXPECT_EQ(text_at(other->asked.back(), "QueueUrl"), "https://sqs/others");
}

TEST_F(ChangeQueuesTest, OneThatIsLeftIsAskedNoMore) {
  follow(aws);
  EXPECT_EQ(queues.condition("n/p")->status, "True");
  follow(aws, "");
  EXPECT_FALSE(queues.condition("n/p"));
  finish(queues.leave("n/p"));
  EXPECT_EQ(aws.use_count(), 1);
  EXPECT_FALSE(clock.advance_to_next());
}

TEST_F(ChangeQueuesTest, NoneIsBegunAfterAStop) {
  follow(aws);
  finish(queues.stop());
  const auto asked = aws->asked.size();
  follow(aws);
  EXPECT_EQ(aws->asked.size(), asked);
}

TEST_F(ChangeQueuesTest, TellsWhoseConditionChanges) {
  aws->receive = Error{.code = Code::kDenied, .message = "AccessDenied"};
  follow(aws);
  EXPECT_FALSE(queues.condition("n/p"));
  EXPECT_TRUE(run_until([this] { return !conditions.empty(); }));
  EXPECT_THAT(conditions, ElementsAre("n/p"));
  EXPECT_THAT(log_text.str(), HasSubstr(R"("namespace":"n","name":"p")"));
}

}  // namespace
}  // namespace infra
