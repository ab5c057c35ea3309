#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class SecretsTest : public FakeAwsTest {
 protected:
  std::string make(const std::string& value = "one", const std::string& token = kToken) {
    return code("secretsmanager", "CreateSecret",
                R"({"Name": "team/password", "SecretString": ")" + value +
                    R"(", "ClientRequestToken": ")" + token + R"("})");
  }
  std::string put(const std::string& value, const std::string& token) {
    return code(
        "secretsmanager", "PutSecretValue",
        kId + R"(, "SecretString": ")" + value + R"(", "ClientRequestToken": ")" + token + R"("})");
  }
  std::string ask(const std::string& operation, const std::string& more = "") {
    return code("secretsmanager", operation, kId + more + "}");
  }
  Json seen() { return must("secretsmanager", "DescribeSecret", kId + "}"); }

  static constexpr const char* kToken = "00000000-0000-4000-8000-000000000001";
  static constexpr const char* kOther = "00000000-0000-4000-8000-000000000002";
  const std::string kId = R"({"SecretId": "team/password")";
};

TEST_F(SecretsTest, ATokenIsAVersion) {
  EXPECT_EQ(make(), "ok");
  EXPECT_EQ(make(), "ok");
  EXPECT_EQ(make("two"), "ResourceExistsException");
  EXPECT_EQ(make("one", kOther), "ResourceExistsException");
  EXPECT_EQ(put("two", kOther), "ok");
  EXPECT_EQ(put("two", kOther), "ok");
  EXPECT_EQ(put("three", kOther), "ResourceExistsException");
  const Json versions = must("secretsmanager", "ListSecretVersionIds", kId + "}").at("Versions");
  ASSERT_EQ(versions.as_array().size(), 2u);
  EXPECT_EQ(versions.at(0).at("VersionStages").at(0), Json("AWSPREVIOUS"));
  EXPECT_EQ(versions.at(1).at("VersionStages").at(0), Json("AWSCURRENT"));
  EXPECT_EQ(text_at(versions.at(1), "VersionId"), kOther);
}

TEST_F(SecretsTest, AnsweredByNameAndByArn) {
  make();
  const std::string arn = text_at(seen(), "ARN");
  EXPECT_TRUE(
      arn.starts_with("arn:aws:secretsmanager:us-east-1:111111111111:secret:team/password-"));
  EXPECT_EQ(code("secretsmanager", "DescribeSecret", R"({"SecretId": ")" + arn + R"("})"), "ok");
  EXPECT_EQ(find_path(seen(), "RotationEnabled"), nullptr);
  EXPECT_EQ(find_path(seen(), "SecretString"), nullptr);
}

TEST_F(SecretsTest, OneScheduledForDeletionKeepsItsName) {
  make();
  EXPECT_EQ(ask("DeleteSecret", R"(, "RecoveryWindowInDays": 6)"), "InvalidParameterException");
  EXPECT_EQ(ask("DeleteSecret", R"(, "RecoveryWindowInDays": 7)"), "ok");
  EXPECT_NE(find_path(seen(), "DeletedDate"), nullptr);
  EXPECT_EQ(make(), "InvalidRequestException");
  EXPECT_EQ(put("two", kOther), "InvalidRequestException");
  EXPECT_EQ(ask("DeleteSecret"), "InvalidRequestException");
  EXPECT_EQ(ask("RestoreSecret"), "ok");
  EXPECT_EQ(find_path(seen(), "DeletedDate"), nullptr);
  EXPECT_EQ(ask("DeleteSecret", R"(, "RecoveryWindowInDays": 7)"), "ok");
  pass(hours(24 * 7));
  EXPECT_EQ(ask("DescribeSecret"), "ResourceNotFoundException");
  EXPECT_EQ(make(), "ok");
}

TEST_F(SecretsTest, DeletionAtOnceTakesAWhile) {
  make();
  const std::string at_once = R"(, "ForceDeleteWithoutRecovery": true)";
  EXPECT_EQ(ask("DeleteSecret", at_once + R"(, "RecoveryWindowInDays": 7)"),
            "InvalidParameterException");
  EXPECT_EQ(ask("DeleteSecret", at_once), "ok");
  EXPECT_EQ(make(), "InvalidRequestException");
  pass(seconds(5));
  EXPECT_EQ(ask("DeleteSecret"), "ResourceNotFoundException");
  EXPECT_EQ(ask("DeleteSecret", at_once), "ok");
  EXPECT_EQ(make(), "ok");
}

TEST_F(SecretsTest, ReplicasKeepIt) {
  make();
  Random random(1, "somebody");
  EXPECT_NE(fake.occupy(random, minutes(1)), "");
  EXPECT_EQ(ask("DeleteSecret"), "InvalidRequestException");
  pass(minutes(1));
  EXPECT_EQ(ask("DeleteSecret"), "ok");
}

TEST_F(SecretsTest, RotationNeedsAFunction) {
  make();
  const std::string rules = R"(, "RotationRules": {"AutomaticallyAfterDays": 30})";
  EXPECT_EQ(ask("RotateSecret", rules), "InvalidRequestException");
  EXPECT_EQ(ask("RotateSecret",
                rules + R"(, "RotationLambdaARN": "arn:aws:lambda:us-east-1:1:function:f")"),
            "ok");
  EXPECT_EQ(*find_path(seen(), "RotationEnabled"), Json(true));
  EXPECT_EQ(ask("CancelRotateSecret"), "ok");
  EXPECT_EQ(*find_path(seen(), "RotationEnabled"), Json(false));
}

TEST_F(SecretsTest, AHundredVersionsADay) {
  make();
  const auto token = [](int number) {
    return "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + number);
  };
  for (int i = 1; i < 100; ++i) EXPECT_EQ(put("next", token(i)), "ok");
  EXPECT_EQ(put("next", token(100)), "LimitExceededException");
  pass(hours(25));
  EXPECT_EQ(put("next", token(100)), "ok");
}

}  // namespace
}  // namespace infra::sim
