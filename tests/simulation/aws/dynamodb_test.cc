#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class DynamoTest : public FakeAwsTest {
 protected:
  static std::string table(const std::string& more) {
    return R"({"TableName": "orders", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}])" +
           more + "}";
  }
  void make() {
    must("dynamodb", "CreateTable", table(R"(, "BillingMode": "PAY_PER_REQUEST")"));
    pass(seconds(10));
  }
  Json seen() { return must("dynamodb", "DescribeTable", kName + "}").at("Table"); }
  std::string update(const std::string& more) {
    return code("dynamodb", "UpdateTable", kName + more + "}");
  }

  const std::string kName = R"({"TableName": "orders")";
  const std::string kStream =
      R"(, "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"})";
  const std::string kNoStream = R"(, "StreamSpecification": {"StreamEnabled": false})";
  const std::string kUnits = R"(, "BillingMode": "PROVISIONED", "ProvisionedThroughput":
      {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5})";
};

TEST_F(DynamoTest, ATableFromBirthToDeath) {
  must("dynamodb", "CreateTable", table(R"(, "BillingMode": "PAY_PER_REQUEST")"));
  EXPECT_EQ(text_at(seen(), "TableStatus"), "CREATING");
  EXPECT_EQ(code("dynamodb", "DeleteTable", kName + "}"), "ResourceInUseException");
  pass(seconds(10));
  EXPECT_EQ(text_at(seen(), "TableStatus"), "ACTIVE");
  EXPECT_EQ(text_at(seen(), "BillingModeSummary.BillingMode"), "PAY_PER_REQUEST");
  must("dynamodb", "DeleteTable", kName + "}");
  EXPECT_EQ(text_at(seen(), "TableStatus"), "DELETING");
  EXPECT_EQ(code("dynamodb", "DeleteTable", kName + "}"), "ok");
  EXPECT_EQ(code("dynamodb", "CreateTable", table(kUnits)), "ResourceInUseException");
  pass(seconds(10));
  EXPECT_EQ(code("dynamodb", "DescribeTable", kName + "}"), "ResourceNotFoundException");
  EXPECT_EQ(code("dynamodb", "CreateTable", table(kUnits)), "ok");
  EXPECT_EQ(find_path(seen(), "BillingModeSummary"), nullptr);
}

TEST_F(DynamoTest, OneChangeAtATime) {
  make();
  EXPECT_EQ(update(kStream), "ok");
  EXPECT_EQ(text_at(seen(), "TableStatus"), "UPDATING");
  EXPECT_EQ(update(kUnits), "ResourceInUseException");
  EXPECT_EQ(code("dynamodb", "DeleteTable", kName + "}"), "ResourceInUseException");
  pass(seconds(10));
  EXPECT_EQ(update(kUnits), "ok");
  EXPECT_EQ(text_at(seen(), "BillingModeSummary.BillingMode"), "PROVISIONED");
}

TEST_F(DynamoTest, StreamsAreSwitchedOnAndOff) {
  make();
  EXPECT_EQ(find_path(seen(), "StreamSpecification"), nullptr);
  EXPECT_EQ(update(kNoStream), "ValidationException");
  EXPECT_EQ(update(kStream), "ok");
  pass(seconds(10));
  EXPECT_EQ(text_at(seen(), "StreamSpecification.StreamViewType"), "KEYS_ONLY");
  EXPECT_EQ(update(kStream), "ValidationException");
  EXPECT_EQ(update(kNoStream), "ok");
  EXPECT_EQ(find_path(seen(), "StreamSpecification"), nullptr);
}

TEST_F(DynamoTest, BackupsAreApart) {
  const std::string on =
      kName + R"(, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}})";
  EXPECT_EQ(code("dynamodb", "DescribeContinuousBackups", kName + "}"), "TableNotFoundException");
  must("dynamodb", "CreateTable", table(kUnits));
  EXPECT_EQ(code("dynamodb", "UpdateContinuousBackups", on),
            "ContinuousBackupsUnavailableException");
  pass(seconds(10));
  must("dynamodb", "UpdateContinuousBackups", on);
  EXPECT_EQ(text_at(must("dynamodb", "DescribeContinuousBackups", kName + "}"),
                    "ContinuousBackupsDescription.PointInTimeRecoveryDescription."
                    "PointInTimeRecoveryStatus"),
            "ENABLED");
}

TEST_F(DynamoTest, TablesAreRefusedAsDynamoDoesIt) {
  EXPECT_EQ(code("dynamodb", "CreateTable", table("")), "ValidationException");
  EXPECT_EQ(code("dynamodb", "CreateTable", table(R"(, "BillingMode": "PROVISIONED")")),
            "ValidationException");
  EXPECT_EQ(code("dynamodb", "CreateTable",
                 R"({"TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions":
        [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "x", "AttributeType": "S"}]})"),
            "ValidationException");
  make();
  EXPECT_EQ(update(""), "ValidationException");
  EXPECT_EQ(update(R"(, "BillingMode": "PROVISIONED")"), "ValidationException");
}

TEST_F(DynamoTest, AProtectedTableStays) {
  make();
  Random random(1, "somebody");
  EXPECT_NE(fake.occupy(random, minutes(1)), "");
  EXPECT_EQ(code("dynamodb", "DeleteTable", kName + "}"), "ValidationException");
  pass(minutes(1));
  EXPECT_EQ(code("dynamodb", "DeleteTable", kName + "}"), "ok");
}

}  // namespace
}  // namespace infra::sim
