#include "operator/provider_credentials.h"

#include <gmock/gmock.h>

#include "aws/crt.h"
#include "aws/run_for_test.h"

namespace infra {
namespace {

const aws::StsSettings kSts{.region = "eu-west-1", .url = "https://sts.eu-west-1.amazonaws.com"};

const aws::CrtLibrary kCrt;

using ::testing::HasSubstr;

std::string keys_in_environment(const std::string& name) {
  if (name == "AWS_ACCESS_KEY_ID") return "AKIA1";
  if (name == "AWS_ROLE_ARN") return "arn:aws:iam::1:role/own";
  return name == "AWS_SECRET_ACCESS_KEY" ? "s3cret" : "";
}

class ProviderCredentialsTest : public ::testing::Test {
 protected:
  Result<aws::Credentials> keys_of(JsonObject spec, PodRole role = {}) {
    const CredentialTools tools{.clock = clock,
                                .transport = transport,
                                .environment = keys_in_environment,
                                .pod_role = std::move(role),
                                .grants = grants,
                                .hash_key = std::string(32, 'k')};
    auto made = aws::run(provider_credentials(
        tools, kube, {.ns = "ns", .name = "aws", .spec = Json(std::move(spec))}, kSts));
    if (!made) return std::unexpected(made.error());
    return aws::run(made->source->get());
  }

  void then_assumed(const std::string& key) {
    transport.then(200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + key +
                            "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                            "</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration>"
                            "</Credentials></AssumeRoleResult></AssumeRoleResponse>");
  }

  void then_secret(const std::string& annotations) {
    transport.then(200, R"({"metadata": {"namespace": "other", "name": "keys", "annotations": {)" +
                            annotations + R"(}}, "data": {"AWS_ACCESS_KEY_ID": "QUtJQTI=",
        "AWS_SECRET_ACCESS_KEY": "czNjcmV0Cg=="}})");
  }

  std::string asked(std::size_t request) const { return transport.requests.at(request).body; }

  ProviderGrants grants{.own_namespace = "ns"};
  JumpingClock clock;
  aws::ScriptedTransport transport{clock};
  kube::Client kube{transport, clock, kube::Config{}};
};

TEST_F(ProviderCredentialsTest, ThePodsOwnIdentityIsUsedAsItIs) {
  const auto keys = keys_of({}, {});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "AKIA1");
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(ProviderCredentialsTest, ThePodAssumesItsRoleFirst) {
  then_assumed("ASIA1");
  const auto keys = keys_of({}, {.arn = "arn:aws:iam::1:role/pod",
                                 .external_id = "ext",
                                 .session_name = "blue",
                                 .duration = std::chrono::minutes(15)});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "ASIA1");
  const std::string& asked = transport.requests.at(0).body;
  for (const char* part : {"RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpod", "ExternalId=ext",
                           "RoleSessionName=blue", "DurationSeconds=900"}) {
    EXPECT_NE(asked.find(part), std::string::npos) << part << " in " << asked;
  }
}

TEST_F(ProviderCredentialsTest, AProvidersRoleIsAssumedWithThePods) {
  grants.roles.push_back({.ns = "ns", .pattern = "arn:aws:iam::2:role/*"});
  then_assumed("ASIA1");
  then_assumed("ASIA2");
  const auto keys =
      keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/other"}}, {.arn = "arn:aws:iam::1:role/pod"});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "ASIA2");
  EXPECT_NE(transport.requests.at(0).body.find("role%2Fpod"), std::string::npos);
  EXPECT_NE(transport.requests.at(1).body.find("role%2Fother"), std::string::npos);
}

TEST_F(ProviderCredentialsTest, AnotherNamespaceHasNoPartInThePodsIdentity) {
  grants = {.own_namespace = "infra"};
  transport.then(200, R"({"metadata": {"name": "ns"}})");
  const auto refused = keys_of({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_THAT(refused.error().message, HasSubstr("providers.podIdentity.namespaces"));
  EXPECT_EQ(transport.requests.at(0).target, "/api/v1/namespaces/ns");
}

TEST_F(ProviderCredentialsTest, UnlessItsLabelSaysSo) {
  grants = {.own_namespace = "infra"};
  transport.then(200, R"({"metadata": {"name": "ns", "labels": {
      "aws-infra-operator.runner.codes/pod-identity": "allowed"}}})");
  EXPECT_TRUE(keys_of({}));
}

TEST_F(ProviderCredentialsTest, ALabelThatCannotBeReadIsNone) {
  grants = {.own_namespace = "infra"};
  transport.then(403, R"({"kind": "Status", "reason": "Forbidden", "code": 403})");
  EXPECT_EQ(keys_of({}).error().code, Code::kDenied);
  transport.then(500, R"({"kind": "Status", "code": 500})");
  EXPECT_EQ(keys_of({}).error().code, Code::kUnavailable) << "it may pass";
}

TEST_F(ProviderCredentialsTest, LabelsCanBeLeftAside) {
  grants = {.by_label = false};
  EXPECT_THAT(keys_of({}).error().message, Not(HasSubstr("label")));
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(ProviderCredentialsTest, ARoleNeedsAGrantAndNoMore) {
  grants = {.own_namespace = "ns"};
  const auto refused = keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/other"}});
  EXPECT_THAT(refused.error().message, HasSubstr("providers.podIdentity.roles"));
  EXPECT_TRUE(transport.requests.empty());
  grants = {.roles = {{.ns = "ns", .pattern = "arn:aws:iam::2:role/other"}}};
  then_assumed("ASIA1");
  EXPECT_TRUE(keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/other"}}));
}

TEST_F(ProviderCredentialsTest, TheRoleOfTheTokenNeedsAGrantUnlessItIsThePodsOwn) {
  const auto refused = keys_of({{"roleARN", "arn:aws:iam::1:role/admin"}});
  EXPECT_EQ(refused.error().code, Code::kDenied);
  const auto without_token = keys_of({{"roleARN", "arn:aws:iam::1:role/own"}});
  EXPECT_EQ(without_token.error().code, Code::kUnauthenticated);
}

TEST_F(ProviderCredentialsTest, EveryLinkOfAChainNeedsAGrant) {
  grants.roles.push_back({.ns = "ns", .pattern = "arn:aws:iam::2:role/*"});
  const JsonArray chain{JsonObject{{"roleARN", "arn:aws:iam::3:role/last"}}};
  const auto refused =
      keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/first"}, {"roleChain", chain}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("arn:aws:iam::3:role/last"));
}

TEST_F(ProviderCredentialsTest, AChainIsWalkedInItsOrder) {
  grants.roles.push_back({.ns = "*", .pattern = "*"});
  then_assumed("ASIA1");
  then_assumed("ASIA2");
  const JsonArray chain{JsonObject{{"roleARN", "arn:aws:iam::3:role/last"}, {"externalID", "x"}}};
  const auto keys = keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/first"},
                             {"roleChain", chain},
                             {"sessionDuration", "30m"},
                             {"sessionTags", JsonObject{{"team", "a b"}}}});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "ASIA2");
  EXPECT_THAT(asked(0), HasSubstr("role%2Ffirst"));
  EXPECT_THAT(asked(0), Not(HasSubstr("ExternalId")));
  for (const auto* part : {"role%2Flast", "ExternalId=x", "DurationSeconds=1800",
                           "RoleSessionName=infra-operator.ns.aws", "Tags.member.1.Key=team",
                           "Tags.member.1.Value=a%20b"}) {
    EXPECT_THAT(asked(1), HasSubstr(part));
  }
}

TEST_F(ProviderCredentialsTest, AChainWithALoopIsRefused) {
  grants.roles.push_back({.ns = "*", .pattern = "*"});
  const JsonArray chain{JsonObject{{"roleARN", "arn:aws:iam::3:role/b"}},
                        JsonObject{{"roleARN", "arn:aws:iam::2:role/a"}}};
  const auto refused = keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/a"}, {"roleChain", chain}});
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_THAT(refused.error().message, HasSubstr("twice"));
}

TEST_F(ProviderCredentialsTest, ASecretOfAnotherNamespaceHasToLetItIn) {
  const JsonObject spec{
      {"credentialsSecret", JsonObject{{"namespace", "other"}, {"name", "keys"}}}};
  then_secret("");
  const auto refused = keys_of(spec);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_THAT(refused.error().message, HasSubstr("allow-references-from=ns"));
  then_secret(R"("aws-infra-operator.runner.codes/allow-references-from": "ns")");
  const auto keys = keys_of(spec);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "AKIA2");
  EXPECT_EQ(keys->secret_key, "s3cret") << "without the end of the line";
}

TEST_F(ProviderCredentialsTest, OnesOwnKeysAssumeAnyRole) {
  grants = {};
  then_secret(R"("aws-infra-operator.runner.codes/allow-references-from": "ns")");
  then_assumed("ASIA1");
  EXPECT_TRUE(keys_of({{"credentialsSecret", JsonObject{{"namespace", "other"}, {"name", "keys"}}},
                       {"assumeRoleARN", "arn:aws:iam::2:role/other"}}));
}

}  // namespace
}  // namespace infra
