#include "definition/permissions.h"

#include <gmock/gmock.h>

#include "definition/loader.h"

namespace infra::definition {
namespace {

using ::testing::ElementsAre;

TEST(Permissions, ActionsWithOtherNamesThanTheirOperation) {
  EXPECT_THAT(iam_actions("s3", "HeadBucket"), ElementsAre("s3:ListBucket"));
  EXPECT_THAT(iam_actions("s3", "GetBucketEncryption"),
              ElementsAre("s3:GetEncryptionConfiguration"));
  EXPECT_THAT(iam_actions("s3", "DeleteBucketCors"), ElementsAre("s3:PutBucketCORS"));
  EXPECT_THAT(iam_actions("resourcegroupstaggingapi", "GetResources"),
              ElementsAre("tag:GetResources"));
  EXPECT_THAT(iam_actions("lambda", "CreateFunction"),
              ElementsAre("lambda:CreateFunction", "iam:PassRole", "lambda:GetLayerVersion"));
  EXPECT_THAT(iam_actions("ec2", "CreateVpc"), ElementsAre("ec2:CreateVpc"));
}

TEST(Permissions, PolicyHoldsEveryCallOnce) {
  Definition thing{.kind = "Thing", .plural = "things", .service = "sqs"};
  thing.create.operation = "CreateQueue";
  thing.removes.push_back({.operation = "DeleteQueue"});
  const std::vector<Definition> all = {thing, thing};
  const Json policy = iam_policy(all);
  ASSERT_EQ(policy.at("Statement").as_array().size(), 1U);
  EXPECT_EQ(policy.at("Statement").at(0).at("Action"),
            Json({"sqs:CreateQueue", "sqs:DeleteQueue", "sts:GetCallerIdentity"}));
}

// With them alone nobody can do more than the services do for who calls them.
TEST(Permissions, WhatServicesDoForTheirCallerIsAllowedToThemOnly) {
  Definition thing{.kind = "Thing", .plural = "things", .service = "secretsmanager"};
  thing.create.operation = "RotateSecret";
  const std::vector<Definition> all = {thing};
  const Json policy = iam_policy(all);
  const Json& last = policy.at("Statement").as_array().back();
  EXPECT_EQ(last.at("Action"), Json(JsonArray{"lambda:InvokeFunction"}));
  EXPECT_EQ(last.at("Condition"),
            Json(JsonObject{{"Bool", JsonObject{{"aws:ViaAWSService", "true"}}}}));
}

TEST(Permissions, NoRuleAllowsEverything) {
  const auto provider = load_provider();
  ASSERT_TRUE(provider) << provider.error().message;
  const std::vector<Definition> none;
  const JsonArray rules = rbac_rules(none, *provider);
  EXPECT_EQ(rules.at(0).at("resources"), Json(JsonArray{"awsproviders"}));
  EXPECT_EQ(boost::json::serialize(rules).find('*'), std::string::npos);
}

}  // namespace
}  // namespace infra::definition
