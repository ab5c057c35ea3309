#include "aws/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "aws/crt.h"
#include "aws/run_for_test.h"

namespace infra::aws {
namespace {

const StsSettings kSts{.region = "eu-west-1", .url = "https://sts.eu-west-1.amazonaws.com"};

const CrtLibrary kCrt;

Environment environment_of(std::map<std::string, std::string> values) {
  return [values](const std::string& name) {
    const auto it = values.find(name);
    return it == values.end() ? std::string() : it->second;
  };
}

std::string sts_answer(const std::string& operation, const std::string& expiration) {
  return "<" + operation + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" +
         operation + "Result><Credentials><AccessKeyId>ASIA1</AccessKeyId>" +
         "<SecretAccessKey>s3cret</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>" +
         expiration + "</Expiration></Credentials></" + operation + "Result></" + operation +
         "Response>";
}

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest()
      : token_file(std::filesystem::temp_directory_path() /
                   ("infra-credentials-" + std::to_string(getpid()))) {
    std::ofstream(token_file) << "web.identity/token\n";
  }
  ~CredentialsTest() override { std::filesystem::remove(token_file); }

  WebIdentityCredentials web_identity() {
    return {clock,
            transport,
            {.role_arn = "arn:aws:iam::1:role/r",
             .token_file = token_file.string(),
             .session_name = "op",
             .sts = kSts}};
  }

  JumpingClock clock;
  ScriptedTransport transport{clock};
  std::filesystem::path token_file;
};

TEST_F(CredentialsTest, EnvironmentNeedsBothKeys) {
  EnvironmentCredentials half(environment_of({{"AWS_ACCESS_KEY_ID", "a"}}));
  auto result = run(half.get());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnauthenticated);
  EnvironmentCredentials both(
      environment_of({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}}));
  EXPECT_TRUE(run(both.get()));
}

TEST_F(CredentialsTest, WebIdentityAsksStsUnsigned) {
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  auto source = web_identity();
  auto keys = run(source.get());
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "ASIA1");
  EXPECT_EQ(keys->session_token, "tok");
  EXPECT_EQ(keys->expiry, parse_rfc3339("2027-01-15T09:00:00Z"));
  const auto& request = transport.requests.at(0);
  EXPECT_EQ(request.host, "sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(net::header(request.headers, "Authorization"), "");
  EXPECT_NE(request.body.find("WebIdentityToken=web.identity%2Ftoken"), std::string::npos);
}

TEST_F(CredentialsTest, StsRefusalIsClassifiedAndKeepsTheSecret) {
  transport.then(400,
                 "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token "
                 "expired</Message></Error><RequestId>r-1</RequestId></ErrorResponse>");
  auto source = web_identity();
  auto keys = run(source.get());
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code, Code::kUnauthenticated);
  EXPECT_EQ(keys.error().request_id, "r-1");
  EXPECT_EQ(keys.error().message.find("web.identity"), std::string::npos);
  transport.then(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
  EXPECT_EQ(run(source.get()).error().code, Code::kDenied);
  transport.then(503, "busy");
  EXPECT_EQ(run(source.get()).error().code, Code::kUnavailable);
  transport.then(200, "<a>");
  EXPECT_EQ(run(source.get()).error().code, Code::kUnavailable);
}

TEST_F(CredentialsTest, AssumeRoleSignsAndPassesTheExternalId) {
  transport.then(200, sts_answer("AssumeRole", "2027-01-15T09:00:00Z"));
  auto base =
      std::make_shared<StaticCredentials>(Credentials{.access_key = "AK", .secret_key = "SK"});
  AssumeRoleCredentials source(clock, transport, base,
                               {.role_arn = "arn:aws:iam::1:role/r",
                                .external_id = "ext",
                                .session_name = "op",
                                .sts = kSts});
  auto keys = run(source.get());
  ASSERT_TRUE(keys) << keys.error().message;
  const auto& request = transport.requests.at(0);
  EXPECT_NE(net::header(request.headers, "Authorization").find("/eu-west-1/sts/"),
            std::string_view::npos);
  EXPECT_NE(request.body.find("ExternalId=ext"), std::string::npos);
}

TEST_F(CredentialsTest, ContainerTokenStaysOnThisMachine) {
  ContainerCredentials far(
      transport, environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/x"}}));
  EXPECT_EQ(run(far.get()).error().code, Code::kUnauthenticated);
  EXPECT_TRUE(transport.requests.empty());
  transport.then(200, R"({"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C",
                          "Expiration": "2027-01-15T09:00:00Z"})");
  ContainerCredentials near(
      transport, environment_of({{"AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                  "http://169.254.170.23/v1/credentials"},
                                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file.string()}}));
  auto keys = run(near.get());
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->session_token, "C");
  EXPECT_EQ(net::header(transport.requests.at(0).headers, "Authorization"), "web.identity/token");
}

TEST_F(CredentialsTest, InstanceUsesASessionToken) {
  transport.then(200, "imds-token");
  transport.then(200, "my-role");
  transport.then(200, R"({"AccessKeyId": "A", "SecretAccessKey": "B", "Token": "C"})");
  InstanceCredentials source(transport, environment_of({}));
  ASSERT_TRUE(run(source.get()));
  EXPECT_EQ(transport.requests.at(0).method, "PUT");
  EXPECT_EQ(transport.requests.at(2).target, "/latest/meta-data/iam/security-credentials/my-role");
  EXPECT_EQ(net::header(transport.requests.at(2).headers, "X-aws-ec2-metadata-token"),
            "imds-token");
}

TEST_F(CredentialsTest, WhatIsNoNameOfARoleIsNotAskedFor) {
  for (const auto* role : {"", "<html>a login page</html>", "../../user-data", "a b"}) {
    const std::size_t before = transport.requests.size();
    transport.then(200, "imds-token");
    transport.then(200, role);
    InstanceCredentials source(transport, environment_of({}));
    const auto keys = run(source.get());
    ASSERT_FALSE(keys) << role;
    EXPECT_EQ(keys.error().code, Code::kUnauthenticated);
    EXPECT_EQ(transport.requests.size(), before + 2) << role;
  }
}

TEST_F(CredentialsTest, CacheAsksAgainOnlyNearExpiryAndSurvivesFailure) {
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  clock.start = parse_rfc3339("2027-01-15T08:00:00Z");
  auto source = std::make_shared<WebIdentityCredentials>(web_identity());
  CachedCredentials cached(clock, source);
  ASSERT_TRUE(run(cached.get()));
  ASSERT_TRUE(run(cached.get()));
  EXPECT_EQ(transport.requests.size(), 1u);
  clock.passed = std::chrono::minutes(56);
  transport.then(503, "");
  ASSERT_TRUE(run(cached.get()));
  EXPECT_EQ(transport.requests.size(), 2u);
  clock.passed = std::chrono::minutes(61);
  transport.then(503, "");
  EXPECT_FALSE(run(cached.get()));
}

TEST_F(CredentialsTest, WhatAwsCallsExpiredIsAskedForAnewWhateverItsDateSays) {
  clock.start = parse_rfc3339("2027-01-15T08:00:00Z");
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  CachedCredentials cached(clock, std::make_shared<WebIdentityCredentials>(web_identity()));
  const auto first = run(cached.get());
  ASSERT_TRUE(first);
  Credentials others = *first;
  others.session_token = "another's";
  cached.note_expired(others);
  ASSERT_TRUE(run(cached.get()));
  EXPECT_EQ(transport.requests.size(), 1u);
  cached.note_expired(*first);
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  ASSERT_TRUE(run(cached.get()));
  EXPECT_EQ(transport.requests.size(), 2u);
}

TEST_F(CredentialsTest, ARoleIsAssumedAgainWithNewKeysOfItsBase) {
  clock.start = parse_rfc3339("2027-01-15T08:00:00Z");
  const auto then_expired = [this] {
    transport.then(400, "<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>");
  };
  auto base = std::make_shared<CachedCredentials>(
      clock, std::make_shared<WebIdentityCredentials>(web_identity()));
  AssumeRoleCredentials source(
      clock, transport, base,
      {.role_arn = "arn:aws:iam::1:role/r", .session_name = "s", .sts = kSts});
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  then_expired();
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  transport.then(200, sts_answer("AssumeRole", "2027-01-15T09:00:00Z"));
  EXPECT_TRUE(run(source.get()));
  EXPECT_EQ(transport.requests.size(), 4u);
  then_expired();
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  then_expired();
  EXPECT_EQ(run(source.get()).error().code, Code::kUnauthenticated) << "no more than once";
}

TEST_F(CredentialsTest, DefaultTakesTheFirstThatIsConfigured) {
  auto keys =
      default_credentials(clock, transport,
                          environment_of({{"AWS_ACCESS_KEY_ID", "a"},
                                          {"AWS_SECRET_ACCESS_KEY", "b"},
                                          {"AWS_WEB_IDENTITY_TOKEN_FILE", token_file.string()}}),
                          kSts);
  EXPECT_TRUE(run(keys->get()));
  EXPECT_TRUE(transport.requests.empty());
  transport.then(200, sts_answer("AssumeRoleWithWebIdentity", "2027-01-15T09:00:00Z"));
  auto web =
      default_credentials(clock, transport,
                          environment_of({{"AWS_ROLE_ARN", "arn"},
                                          {"AWS_WEB_IDENTITY_TOKEN_FILE", token_file.string()}}),
                          kSts);
  EXPECT_TRUE(run(web->get()));
  EXPECT_EQ(transport.requests.size(), 1u);
}

}  // namespace
}  // namespace infra::aws
