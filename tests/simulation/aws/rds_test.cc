#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RdsTest : public FakeAwsTest {
 protected:
  using FakeAwsTest::FakeAwsTest;
  std::string create(const std::string& more = "") {
    return code("rds", "CreateDBInstance",
                kId + R"(, "DBInstanceClass": "db.t3.micro",
        "Engine": "postgres", "EngineVersion": "16", "AllocatedStorage": 20,
        "MasterUsername": "first", "MasterUserPassword": "of-the-test")" +
                    more + "}");
  }
  void make(const std::string& more = "") {
    EXPECT_EQ(create(more), "ok");
    pass(minutes(5));
  }
  Json seen() { return must("rds", "DescribeDBInstances", kId + "}").at("DBInstances").at(0); }
  std::string status() { return text_at(seen(), "DBInstanceStatus"); }
  std::string modify(const std::string& more) {
    return code("rds", "ModifyDBInstance", kId + R"(, "ApplyImmediately": true, )" + more + "}");
  }
  std::string remove(const std::string& more = R"(, "SkipFinalSnapshot": true)") {
    return code("rds", "DeleteDBInstance", kId + more + "}");
  }

  const std::string kId = R"({"DBInstanceIdentifier": "Orders")";
};

TEST_F(RdsTest, AnInstanceFromBirthToDeath) {
  EXPECT_EQ(create(), "ok");
  EXPECT_EQ(create(), "DBInstanceAlreadyExists");
  EXPECT_EQ(status(), "creating");
  EXPECT_EQ(find_path(seen(), "Endpoint"), nullptr);
  EXPECT_EQ(remove(), "InvalidDBInstanceState");
  pass(minutes(2));
  EXPECT_EQ(status(), "backing-up");
  EXPECT_EQ(modify(R"("MultiAZ": true)"), "InvalidDBInstanceState");
  pass(minutes(1));
  EXPECT_EQ(status(), "available");
  EXPECT_EQ(text_at(seen(), "DBInstanceIdentifier"), "orders");
  EXPECT_EQ(text_at(seen(), "EngineVersion"), "16.4");
  EXPECT_EQ(transport.last.body.find("of-the-test"), std::string::npos);
  EXPECT_EQ(remove(), "ok");
  EXPECT_EQ(status(), "deleting");
  EXPECT_EQ(remove(), "InvalidDBInstanceState");
  EXPECT_EQ(create(), "DBInstanceAlreadyExists");
  pass(minutes(1));
  EXPECT_EQ(code("rds", "DescribeDBInstances", kId + "}"), "DBInstanceNotFound");
  EXPECT_EQ(create(), "ok");
}

TEST_F(RdsTest, ChangesAreWaitedFor) {
  make();
  EXPECT_EQ(modify(R"("MultiAZ": true, "PubliclyAccessible": true)"), "ok");
  EXPECT_EQ(status(), "available");
  EXPECT_EQ(*find_path(seen(), "PendingModifiedValues.MultiAZ"), Json(true));
  EXPECT_EQ(find_path(seen(), "PendingModifiedValues.PubliclyAccessible"), nullptr);
  EXPECT_EQ(modify(R"("MasterUserPassword": "another-one")"), "ok");
  EXPECT_EQ(text_at(seen(), "PendingModifiedValues.MasterUserPassword"), "****");
  pass(seconds(30));
  EXPECT_EQ(status(), "modifying");
  EXPECT_EQ(modify(R"("DBPortNumber": 5433)"), "InvalidDBInstanceState");
  pass(minutes(2));
  EXPECT_EQ(status(), "available");
  EXPECT_EQ(*find_path(seen(), "MultiAZ"), Json(true));
  EXPECT_EQ(*find_path(seen(), "PubliclyAccessible"), Json(true));
  EXPECT_EQ(text_at(only().state, "MasterUserPassword"), "another-one");
}

TEST_F(RdsTest, StorageGrowsByATenthAndThenRests) {
  make();
  EXPECT_EQ(modify(R"("AllocatedStorage": 19)"), "InvalidParameterCombination");
  EXPECT_EQ(modify(R"("AllocatedStorage": 21)"), "ok");
  EXPECT_EQ(*find_path(seen(), "PendingModifiedValues.AllocatedStorage"), Json(22));
  pass(minutes(2));
  EXPECT_EQ(status(), "storage-optimization");
  EXPECT_EQ(modify(R"("AllocatedStorage": 40)"), "InvalidParameterCombination");
  EXPECT_EQ(modify(R"("AllocatedStorage": 22)"), "ok");
  pass(hours(6));
  EXPECT_EQ(modify(R"("AllocatedStorage": 40)"), "ok");
}

TEST_F(RdsTest, VersionsGoUpOnly) {
  make();
  EXPECT_EQ(modify(R"("EngineVersion": "17")"), "ok");
  pass(minutes(2));
  EXPECT_EQ(text_at(seen(), "EngineVersion"), "17.2");
  EXPECT_EQ(modify(R"("EngineVersion": "16")"), "InvalidParameterCombination");
}

TEST_F(RdsTest, TheLastSnapshotHasANameOfItsOwn) {
  make();
  EXPECT_EQ(remove(""), "InvalidParameterCombination");
  EXPECT_EQ(remove(R"(, "SkipFinalSnapshot": true, "FinalDBSnapshotIdentifier": "last")"),
            "InvalidParameterCombination");
  EXPECT_EQ(remove(R"(, "FinalDBSnapshotIdentifier": "last")"), "ok");
  pass(minutes(3));
  make();
  EXPECT_EQ(remove(R"(, "FinalDBSnapshotIdentifier": "last")"), "DBSnapshotAlreadyExists");
  EXPECT_EQ(fake.resources().size(), 2u);
}

TEST_F(RdsTest, ProtectionKeepsIt) {
  make(R"(, "DeletionProtection": true)");
  EXPECT_EQ(remove(), "InvalidParameterCombination");
  EXPECT_EQ(modify(R"("DeletionProtection": false)"), "ok");
  EXPECT_EQ(remove(), "ok");
}

TEST_F(RdsTest, WhatIsWrongIsTold) {
  EXPECT_EQ(create(R"(, "BackupRetentionPeriod": 36)"), "InvalidParameterValue");
  EXPECT_EQ(create(R"(, "Port": 80)"), "InvalidParameterValue");
  EXPECT_EQ(code("rds", "CreateDBInstance", kId + R"(, "DBInstanceClass": "db.t3.micro",
      "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "first",
      "MasterUserPassword": "with/slash"})"),
            "InvalidParameterValue");
}

TEST_F(RdsTest, TagsAreNamedByArn) {
  make(R"(, "Tags": [{"Key": "a", "Value": "1"}])");
  const std::string arn = R"({"ResourceName": ")" + text_at(seen(), "DBInstanceArn") + R"(")";
  must("rds", "AddTagsToResource", arn + R"(, "Tags": [{"Key": "b", "Value": "2"}]})");
  must("rds", "RemoveTagsFromResource", arn + R"(, "TagKeys": ["a"]})");
  EXPECT_EQ(seen().at("TagList").as_array().size(), 1u);
  EXPECT_EQ(only().tags.at("b"), "2");
}

class FailingRdsTest : public RdsTest {
 protected:
  FailingRdsTest() : RdsTest({.failed_operations = 1}) {}
};

TEST_F(FailingRdsTest, OneThatFailedIsDeletedWithoutASnapshot) {
  make();
  EXPECT_EQ(status(), "incompatible-network");
  EXPECT_EQ(remove(R"(, "FinalDBSnapshotIdentifier": "last")"), "InvalidDBInstanceState");
  EXPECT_EQ(remove(), "ok");
}

}  // namespace
}  // namespace infra::sim
