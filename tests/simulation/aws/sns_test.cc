#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::seconds;

class SnsTest : public FakeAwsTest {
 protected:
  using FakeAwsTest::FakeAwsTest;
  std::string make(const std::string& more = "") {
    return code("sns", "CreateTopic", R"({"Name": "news")" + more + "}");
  }
  std::string subscribe(const std::string& protocol, const std::string& endpoint,
                        const std::string& attributes = "{}") {
    return code("sns", "Subscribe", subscription(protocol, endpoint, attributes));
  }
  std::string subscription(const std::string& protocol, const std::string& endpoint,
                           const std::string& attributes) const {
    return kTopic + R"(, "Protocol": ")" + protocol + R"(", "Endpoint": ")" + endpoint +
           R"(", "Attributes": )" + attributes + "}";
  }
  JsonArray listed() {
    return must("sns", "ListSubscriptionsByTopic", kTopic + "}").at("Subscriptions").as_array();
  }
  Json attributes() { return must("sns", "GetTopicAttributes", kTopic + "}").at("Attributes"); }
  static std::string about(const Json& subscription) {
    return R"({"SubscriptionArn": ")" + text_at(subscription, "SubscriptionArn") + R"(")";
  }

  const std::string kTopic = R"({"TopicArn": "arn:aws:sns:us-east-1:111111111111:news")";
  const std::string kResource = R"({"ResourceArn": "arn:aws:sns:us-east-1:111111111111:news")";
  const std::string kQueue = "arn:aws:sqs:us-east-1:111111111111:queue";
};

TEST_F(SnsTest, ATopicIsMadeOnce) {
  const std::string first =
      R"(, "Attributes": {"DisplayName": "a"}, "Tags": [{"Key": "k", "Value": "1"}])";
  EXPECT_EQ(make(first), "ok");
  EXPECT_EQ(make(first), "ok");
  EXPECT_EQ(make(), "ok");
  EXPECT_EQ(make(R"(, "Attributes": {"DisplayName": "b"})"), "InvalidParameter");
  EXPECT_EQ(make(R"(, "Tags": [{"Key": "k", "Value": "2"}])"), "InvalidParameter");
  EXPECT_EQ(only().tags.at("k"), "1");
  EXPECT_EQ(text_at(attributes(), "DisplayName"), "a");
}

TEST_F(SnsTest, DeletionCanBeRepeated) {
  make();
  EXPECT_EQ(code("sns", "DeleteTopic", kTopic + "}"), "ok");
  EXPECT_EQ(code("sns", "DeleteTopic", kTopic + "}"), "ok");
  EXPECT_EQ(code("sns", "GetTopicAttributes", kTopic + "}"), "NotFound");
  EXPECT_EQ(code("sns", "ListTagsForResource", kResource + "}"), "ResourceNotFound");
  EXPECT_EQ(make(), "ok");
}

TEST_F(SnsTest, NamesAndAttributesHaveToFit) {
  EXPECT_EQ(code("sns", "CreateTopic", R"({"Name": "a.b"})"), "InvalidParameter");
  EXPECT_EQ(code("sns", "CreateTopic", R"({"Name": "a.fifo"})"), "InvalidParameter");
  EXPECT_EQ(make(R"(, "Attributes": {"FifoTopic": "false"})"), "InvalidParameter");
  EXPECT_EQ(make(R"(, "Attributes": {"ContentBasedDeduplication": "true"})"), "InvalidParameter");
  EXPECT_EQ(make(R"(, "Attributes": {"DeliveryPolicy": "{"})"), "InvalidParameter");
  EXPECT_EQ(make(R"(, "Tags": [{"Key": "aws:a", "Value": "1"}])"), "InvalidParameter");
  EXPECT_EQ(code("sns", "CreateTopic",
                 R"({"Name": "a.fifo", "Attributes": {"FifoTopic": "true",
                     "ContentBasedDeduplication": "true"}})"),
            "ok");
}

TEST_F(SnsTest, WhatBelongsToTheAccountIsConfirmedAtOnce) {
  make();
  EXPECT_EQ(subscribe("sqs", kQueue, R"({"RawMessageDelivery": "true"})"), "ok");
  const Json own = listed().at(0);
  EXPECT_TRUE(text_at(own, "SubscriptionArn").starts_with("arn:aws:sns:"));
  EXPECT_EQ(subscribe("sqs", kQueue), "ok");
  EXPECT_EQ(subscribe("sqs", kQueue, R"({"RawMessageDelivery": "false"})"), "InvalidParameter");
  EXPECT_EQ(listed().size(), 1u);
  must("sns", "SetSubscriptionAttributes",
       about(own) + R"(, "AttributeName": "FilterPolicy", "AttributeValue": "{\"a\": [\"b\"]}"})");
  const Json seen = must("sns", "GetSubscriptionAttributes", about(own) + "}").at("Attributes");
  EXPECT_EQ(text_at(seen, "FilterPolicy"), R"({"a": ["b"]})");
  EXPECT_EQ(text_at(seen, "RawMessageDelivery"), "true");
  must("sns", "Unsubscribe", about(own) + "}");
  EXPECT_EQ(code("sns", "Unsubscribe", about(own) + "}"), "ok");
  EXPECT_EQ(code("sns", "GetSubscriptionAttributes", about(own) + "}"), "NotFound");
  EXPECT_TRUE(listed().empty());
}

TEST_F(SnsTest, OthersAreAskedFirst) {
  make();
  EXPECT_EQ(subscribe("email", "nobody"), "InvalidParameter");
  EXPECT_EQ(subscribe("email", "a@example.com", R"({"RawMessageDelivery": "true"})"),
            "InvalidParameter");
  EXPECT_EQ(subscribe("email", "a@example.com"), "ok");
  EXPECT_EQ(subscribe("sqs", "arn:aws:sqs:us-east-1:222222222222:queue"), "ok");
  for (const Json& one : listed()) {
    EXPECT_EQ(text_at(one, "SubscriptionArn"), "PendingConfirmation");
    EXPECT_EQ(code("sns", "Unsubscribe", about(one) + "}"), "InvalidParameter");
    EXPECT_EQ(code("sns", "GetSubscriptionAttributes", about(one) + "}"), "InvalidParameter");
  }
  EXPECT_EQ(text_at(attributes(), "SubscriptionsPending"), "2");
  const std::string token = text_at(only().state.at("Subscriptions").at(0), "SubscriptionArn");
  must("sns", "ConfirmSubscription", kTopic + R"(, "Token": ")" + token + R"("})");
  EXPECT_EQ(text_at(listed().at(0), "SubscriptionArn"), token);
}

class SlowSnsTest : public SnsTest {
 protected:
  SlowSnsTest() : SnsTest({.slow_operations = 1}) {}
};

TEST_F(SlowSnsTest, TagsAreChangedOneAfterTheOther) {
  make();
  const std::string tag = kResource + R"(, "Tags": [{"Key": "k", "Value": "1"}]})";
  EXPECT_EQ(code("sns", "TagResource", tag), "ok");
  EXPECT_EQ(code("sns", "UntagResource", kResource + R"(, "TagKeys": ["k"]})"), "ConcurrentAccess");
  pass(seconds(10));
  EXPECT_EQ(code("sns", "UntagResource", kResource + R"(, "TagKeys": ["k"]})"), "ok");
}

TEST_F(SlowSnsTest, TagsOfAFormerTopicLinger) {
  make();
  must("sns", "DeleteTopic", kTopic + "}");
  EXPECT_EQ(make(R"(, "Tags": [{"Key": "k", "Value": "1"}])"), "StaleTag");
  pass(seconds(30));
  EXPECT_EQ(make(R"(, "Tags": [{"Key": "k", "Value": "1"}])"), "ok");
}

}  // namespace
}  // namespace infra::sim
