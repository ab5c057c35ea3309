#include "operator/shared_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/clock_for_test.h"

namespace infra {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const definition::Together kTogether{.filter = "vpc-id", .items = "Vpcs", .id = "VpcId"};

// Asks for things of an AWS that has some of them and takes a while to answer.
struct SharedReadsTest : testing::Test {
  using Answer = std::optional<Result<Json>>;

  Task<Result<Json>> read(Json input) {
    asked.push_back(boost::json::serialize(input));
    const Result<Json> now = answer;  // by what AWS holds when it is asked
    co_await clock.sleep(Duration{20});
    co_return now;
  }

  // Its answer is in answers[id] when it has come.
  void ask(const std::string& id, const std::string& kind = "ec2 DescribeVpcs") {
    auto read_all = [this](Json input) { return read(std::move(input)); };
    boost::asio::co_spawn(io, reads.ask(kind, kTogether, id, read_all),
                          [this, id](std::exception_ptr error, Answer got) {
                            if (!error) answers.insert_or_assign(id, std::move(got));
                          });
    run();
  }

  void run() {
    io.restart();
    io.poll();
  }

  void pass(int milliseconds) {
    clock.advance(Duration{milliseconds});
    run();
  }

  std::string text(const std::string& id) {
    const Answer& got = answers.at(id);
    if (!got) return "alone";
    return *got ? boost::json::serialize(**got) : (*got).error().message;
  }

  HandClock clock;
  boost::asio::io_context io;
  SharedReads reads{clock};
  Result<Json> answer =
      parse_json(R"({"Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}, {"VpcId": "vpc-9"}]})");
  std::vector<std::string> asked;
  std::map<std::string, Answer> answers;
};

TEST_F(SharedReadsTest, WhatIsAskedForAtOneTimeIsOneRequest) {
  ask("vpc-1");
  pass(4);
  ask("vpc-2");
  ask("vpc-3");
  pass(1);
  EXPECT_THAT(asked,
              ElementsAre(R"({"Filters":[{"Name":"vpc-id","Values":["vpc-1","vpc-2","vpc-3"]}]})"));
  EXPECT_THAT(answers, IsEmpty());
  pass(20);
  EXPECT_EQ(text("vpc-1"), R"({"Vpcs":[{"VpcId":"vpc-1"}]})");
  EXPECT_EQ(text("vpc-2"), R"({"Vpcs":[{"VpcId":"vpc-2"}]})");
  EXPECT_EQ(text("vpc-3"), "alone") << "not among them: only a question of its own can prove that";
  EXPECT_THAT(asked, SizeIs(1));
}

TEST_F(SharedReadsTest, WhoIsAloneAsksAsAlways) {
  ask("vpc-1");
  pass(5);
  EXPECT_EQ(text("vpc-1"), "alone");
  EXPECT_THAT(asked, IsEmpty());
}

TEST_F(SharedReadsTest, NobodyGetsAnAnswerToARequestThatWasSentBefore) {
  ask("vpc-1");
  ask("vpc-2");
  pass(5);  // the request is on its way
  answer = parse_json(
      R"({"Vpcs": [{"VpcId": "vpc-1", "State": "new"}, {"VpcId": "vpc-4", "State": "new"}]})");
  ask("vpc-4");
  ask("vpc-1x");
  pass(5);
  pass(20);
  EXPECT_THAT(asked, SizeIs(2));
  EXPECT_EQ(text("vpc-1"), R"({"Vpcs":[{"VpcId":"vpc-1"}]})");
  EXPECT_EQ(text("vpc-4"), R"({"Vpcs":[{"VpcId":"vpc-4","State":"new"}]})");
}

TEST_F(SharedReadsTest, KindsOfReadsAreKeptApart) {
  ask("vpc-1");
  ask("subnet-1", "ec2 DescribeSubnets");
  pass(5);
  EXPECT_THAT(asked, IsEmpty());
  EXPECT_EQ(text("vpc-1"), "alone");
  EXPECT_EQ(text("subnet-1"), "alone");
}

TEST_F(SharedReadsTest, AnErrorIsEverybodysUnlessItIsAboutOneOfThem) {
  const auto both = [this](Error error) {
    answers.clear();
    answer = std::unexpected(std::move(error));
    ask("vpc-1");
    ask("vpc-2");
    pass(5);
    pass(20);
    return text("vpc-1") + ", " + text("vpc-2");
  };
  EXPECT_EQ(both({.code = Code::kThrottled, .message = "slow down"}), "slow down, slow down");
  EXPECT_EQ(both({.code = Code::kInvalid, .message = "vpc-2?"}), "alone, alone");
  EXPECT_EQ(both({.code = Code::kNotFound, .message = "vpc-2?"}), "alone, alone");
}

TEST_F(SharedReadsTest, WhatAFilterWouldTakeForAPatternIsAskedForAlone) {
  ask("vpc-1");
  ask("vpc-*");
  EXPECT_EQ(text("vpc-*"), "alone");
  ask("vpc-2");
  pass(5);
  EXPECT_THAT(asked, ElementsAre(testing::Not(testing::HasSubstr("*"))));
}

TEST_F(SharedReadsTest, NoRequestHoldsMoreThanEc2Takes) {
  for (int number = 0; number < 250; ++number) ask("vpc-" + std::to_string(number));
  pass(5);
  ASSERT_THAT(asked, SizeIs(2));
  EXPECT_THAT(asked[0], testing::HasSubstr("vpc-199\""));
  EXPECT_THAT(asked[1], testing::HasSubstr("vpc-200\""));
}

TEST_F(SharedReadsTest, NobodyWaitsForOneWhoHasGone) {
  boost::asio::cancellation_signal stop;
  auto read_all = [this](Json input) { return read(std::move(input)); };
  boost::asio::co_spawn(
      io, reads.ask("ec2 DescribeVpcs", kTogether, "vpc-1", read_all),
      boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr, Answer) {}));
  run();
  ask("vpc-2");
  stop.emit(boost::asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(text("vpc-2"), "The read was given up");
}

}  // namespace
}  // namespace infra
