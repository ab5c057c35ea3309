#include "aws/server_faults.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace infra::sim {
namespace {

const AwsCall kCall{.service = "sqs", .operation = "CreateQueue"};

TEST(ServerFaults, HappenToTheirShareUntilTheyAreTakenBack) {
  ServerFaults faults;
  EXPECT_EQ(faults.draw(kCall), Fault::kNone);
  ASSERT_TRUE(faults.set(R"({"throttled": 0.5})"));
  int hit = 0;
  for (int i = 0; i < 1'000; ++i) hit += faults.draw(kCall) == Fault::kThrottled ? 1 : 0;
  EXPECT_NEAR(hit, 500, 60);
  EXPECT_EQ(faults.counts().at("throttled"), hit);
  ASSERT_TRUE(faults.set("{}"));
  EXPECT_EQ(faults.draw(kCall), Fault::kNone);
}

TEST(ServerFaults, WhatNoServerHasIsRefusedWithWhatItHas) {
  ServerFaults faults;
  const auto set = faults.set(R"({"crash-after": 1})");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message,
            "a server has no fault 'crash-after', but throttled, server-error, error-after, "
            "lost-answer, refused, slow");
  EXPECT_FALSE(faults.set(R"({"slow": "often"})"));
  EXPECT_FALSE(faults.set("[]"));
  EXPECT_FALSE(faults.set("{"));
}

TEST(ServerFaults, SomeComeAfterTheWorkWasDoneAndOthersInstead) {
  Timeline timeline;
  FakeAws aws(timeline, Random(1, "aws"), {});
  aws.add_access_key("test", "123456789012");
  net::HttpRequest create{.method = "PUT", .host = "127.0.0.1", .target = "/bucket-of-a-test"};
  create.headers.emplace_back(
      "Authorization", "AWS4-HMAC-SHA256 Credential=test/20270115/us-east-1/s3/aws4_request");
  for (const auto& [fault, status] : std::vector<std::pair<Fault, int>>{
           {Fault::kThrottled, 503}, {Fault::kServerError, 503}, {Fault::kRefused, 0}}) {
    EXPECT_EQ(serve_with(fault, aws, create).status, status) << to_string(fault);
    EXPECT_TRUE(aws.resources().empty()) << to_string(fault);
  }
  EXPECT_EQ(serve_with(Fault::kLostAnswer, aws, create).status, 0);
  EXPECT_EQ(aws.resources().size(), 1u);
  create.target = "/bucket-of-another";
  EXPECT_EQ(serve_with(Fault::kErrorAfter, aws, create).status, 500);
  EXPECT_EQ(aws.resources().size(), 2u);
}

}  // namespace
}  // namespace infra::sim
