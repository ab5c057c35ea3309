#include "operator/change_event.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace infra {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Json event(std::string_view detail = R"({"requestParameters": {"vpcId": "vpc-1"}})") {
  Json out = JsonObject{{"detail-type", "AWS API Call via CloudTrail"},
                        {"source", "aws.ec2"},
                        {"account", "111122223333"},
                        {"region", "eu-west-1"}};
  out.as_object()["detail"] = *parse_json(detail);
  set_path(out, "detail.eventSource", "ec2.amazonaws.com");
  return out;
}

Result<ChangeEvent> parse(const Json& message) {
  return parse_change_event(boost::json::serialize(message));
}

TEST(ChangeEvent, TellsWhatWasCalledWhereAndByWhom) {
  const auto read = parse(event(R"({
      "userIdentity": {"arn": "arn:aws:iam::111122223333:user/anna"}, "userAgent": "console",
      "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "readOnly": false,
      "requestParameters": {"vpcId": "vpc-1"}})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->account, "111122223333");
  EXPECT_EQ(read->region, "eu-west-1");
  EXPECT_EQ(read->service, "ec2");
  EXPECT_EQ(read->caller, "arn:aws:iam::111122223333:user/anna");
  EXPECT_EQ(read->user_agent, "console");
  EXPECT_TRUE(read->changes);
  EXPECT_EQ(read->names, std::set<std::string>{"vpc-1"});
}

TEST(ChangeEvent, NamesStandWhereverAServicePutsThem) {
  const auto read = parse(event(R"({
      "requestParameters": {"resourcesSet": {"items": [{"resourceId": "vpc-1"}]}, "dryRun": false},
      "responseElements": {"subnet": {"subnetId": "subnet-1"}},
      "resources": [{"ARN": "arn:aws:s3:::bucket"}, {"type": null}],
      "additionalEventData": {"bytes": "not-a-name"}})"));
  EXPECT_EQ(read->names,
            (std::set<std::string>{"vpc-1", "subnet-1", "arn:aws:s3:::bucket", "bucket"}));
}

TEST(ChangeEvent, AnArnIsKnownByItsPartsToo) {
  const std::pair<const char*, const char*> cases[] = {
      {"arn:aws:lambda:eu-west-1:1:function:resize", "resize"},
      {"arn:aws:lambda:eu-west-1:1:function:resize:live", "resize"},
      {"arn:aws:iam::1:role/path/deployer", "deployer"},
      {"arn:aws:ecr:eu-west-1:1:repository/team/app", "team/app"},
      {"arn:aws:dynamodb:eu-west-1:1:table/orders/index/by-date", "orders"},
      {"arn:aws:sqs:eu-west-1:1:jobs", "jobs"}};
  for (const auto& [arn, name] : cases) {
    Json message = event();
    set_path(message, "detail.requestParameters", JsonObject{{"resource", arn}});
    EXPECT_THAT(parse(message)->names, AllOf(Contains(arn), Contains(name))) << arn;
  }
  Json broken = event(R"({"requestParameters": {"a": "arn:aws:s3", "b": "arn:aws:s3:::"}})");
  EXPECT_TRUE(parse(broken));
}

TEST(ChangeEvent, WhatWasReadOrRefusedOrConcernsDataChangesNothing) {
  EXPECT_FALSE(parse(event(R"({"eventCategory": "Data"})"))->changes);
  EXPECT_TRUE(parse(event(R"({"eventCategory": "Management"})"))->changes);
  EXPECT_FALSE(parse(event(R"({"readOnly": true, "requestParameters": {"a": "b"}})"))->changes);
  EXPECT_FALSE(parse(event(R"({"errorCode": "Client.UnauthorizedOperation"})"))->changes);
  EXPECT_TRUE(parse(event(R"({})"))->changes);
}

TEST(ChangeEvent, OneWordForThePlaceIsEnough) {
  Json message = event(R"({"recipientAccountId": "111122223333", "awsRegion": "eu-west-1"})");
  message.as_object().erase("account");
  message.as_object().erase("region");
  EXPECT_EQ(parse(message)->account, "111122223333");
  EXPECT_EQ(parse(message)->region, "eu-west-1");
  message.at("detail").as_object().erase("recipientAccountId");
  EXPECT_EQ(parse(message)->account, "");
}

TEST(ChangeEvent, NullsAndOtherTypesAreNothing) {
  const auto read = parse(event(R"({"requestParameters": null, "responseElements": 5,
      "resources": "vpc-2", "userIdentity": [], "userAgent": {}})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->names, std::set<std::string>{"vpc-2"});
  EXPECT_EQ(read->caller, "");
}

void expect_refused(std::string_view message, const std::string& words) {
  const auto read = parse_change_event(message);
  ASSERT_FALSE(read) << message;
  EXPECT_EQ(read.error().code, Code::kInvalid);
  EXPECT_THAT(read.error().message, AllOf(HasSubstr(words), Not(HasSubstr("hush"))));
}

TEST(ChangeEvent, WhatIsNoEventIsRefusedWithoutShowingIt) {
  for (const char* message : {"", "hush", "{\"hush\": ", "\xff\xfe"}) {
    expect_refused(message, "no JSON");
  }
  expect_refused(std::string(300, '['), "no JSON");
  for (const char* message :
       {"null", "[]", "5", "{}", R"({"detail": "hush"})", R"({"detail": {"hush": 1}})",
        R"({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "hush"})",
        R"({"Type": "Notification", "Message": "{\"detail\": {}}", "Subject": "hush"})",
        R"({"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
            "detail": {"instance-id": "hush"}})"}) {
    expect_refused(message, "no API call");
  }
}

TEST(ChangeEvent, OneThatAnybodyMaySendIsRefused) {
  Json forged = event();
  set_path(forged, "source", "my.app");
  expect_refused(boost::json::serialize(forged), "source is not AWS");
  for (const char* part : {"detail.awsRegion", "detail.recipientAccountId"}) {
    forged = event();
    set_path(forged, part, "another");
    expect_refused(boost::json::serialize(forged), "two accounts or two regions");
  }
}

}  // namespace
}  // namespace infra
