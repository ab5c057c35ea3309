#include "operator/provider_credentials.h"

#include <gtest/gtest.h>

#include "aws/crt.h"
#include "aws/run_for_test.h"

namespace infra {
namespace {

const aws::CrtLibrary kCrt;

std::string keys_in_environment(const std::string& name) {
  if (name == "AWS_ACCESS_KEY_ID") return "AKIA1";
  return name == "AWS_SECRET_ACCESS_KEY" ? "s3cret" : "";
}

class ProviderCredentialsTest : public ::testing::Test {
 protected:
  Result<aws::Credentials> keys_of(JsonObject spec, PodRole role) {
    const CredentialTools tools{.clock = clock,
                                .transport = transport,
                                .environment = keys_in_environment,
                                .pod_role = std::move(role),
                                .hash_key = std::string(32, 'k')};
    auto made = aws::run(
        provider_credentials(tools, kube, Json(std::move(spec)), "ns", {.region = "eu-west-1"}));
    if (!made) return std::unexpected(made.error());
    return aws::run(made->source->get());
  }

  void then_assumed(const std::string& key) {
    transport.then(200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + key +
                            "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                            "</SessionToken><Expiration>2027-01-15T09:00:00Z</Expiration>"
                            "</Credentials></AssumeRoleResult></AssumeRoleResponse>");
  }

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
  then_assumed("ASIA1");
  then_assumed("ASIA2");
  const auto keys =
      keys_of({{"assumeRoleARN", "arn:aws:iam::2:role/other"}}, {.arn = "arn:aws:iam::1:role/pod"});
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "ASIA2");
  EXPECT_NE(transport.requests.at(0).body.find("role%2Fpod"), std::string::npos);
  EXPECT_NE(transport.requests.at(1).body.find("role%2Fother"), std::string::npos);
}

}  // namespace
}  // namespace infra
