#include "aws/fake_aws_for_test.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class CacheTest : public FakeAwsTest {
 protected:
  std::string create_group(const std::string& more = R"(, "ReplicasPerNodeGroup": 1)") {
    return ask("CreateReplicationGroup", kGroup,
               R"(, "ReplicationGroupDescription": "a cache",
        "Engine": "redis", "EngineVersion": "7.0", "CacheNodeType": "cache.t3.micro")" +
                   more);
  }
  std::string create_cluster() {
    return ask("CreateCacheCluster", kCluster, R"(, "Engine": "memcached",
        "EngineVersion": "1.6.17", "CacheNodeType": "cache.t3.micro", "NumCacheNodes": 1)");
  }
  std::string ask(const std::string& operation, const std::string& what,
                  const std::string& more = "") {
    return code("elasticache", operation, what + more + "}");
  }
  std::string change(const std::string& more) {
    return ask("ModifyReplicationGroup", kGroup, R"(, "ApplyImmediately": true, )" + more);
  }
  Json group() {
    return must("elasticache", "DescribeReplicationGroups", kGroup + "}")
        .at("ReplicationGroups")
        .at(0);
  }
  Json cluster(const std::string& what) {
    return must("elasticache", "DescribeCacheClusters", what + "}").at("CacheClusters").at(0);
  }

  const std::string kGroup = R"({"ReplicationGroupId": "Cache")";
  const std::string kCluster = R"({"CacheClusterId": "Memo")";
  const std::string kMember = R"({"CacheClusterId": "cache-001")";
  const std::string kTags =
      R"({"ResourceName": "arn:aws:elasticache:us-east-1:111111111111:replicationgroup:cache")";
};

TEST_F(CacheTest, AGroupFromBirthToDeath) {
  EXPECT_EQ(create_group(), "ok");
  EXPECT_EQ(create_group(), "ReplicationGroupAlreadyExists");
  EXPECT_EQ(text_at(group(), "Status"), "creating");
  EXPECT_EQ(ask("DeleteReplicationGroup", kGroup), "InvalidReplicationGroupState");
  pass(minutes(2));
  EXPECT_EQ(text_at(group(), "Status"), "available");
  EXPECT_EQ(group().at("MemberClusters"), Json(JsonArray{"cache-001", "cache-002"}));
  EXPECT_EQ(text_at(cluster(kMember), "EngineVersion"), "7.0.0");
  EXPECT_EQ(ask("DeleteReplicationGroup", kGroup), "ok");
  EXPECT_EQ(text_at(group(), "Status"), "deleting");
  pass(minutes(1));
  EXPECT_EQ(ask("DescribeReplicationGroups", kGroup), "ReplicationGroupNotFoundFault");
  EXPECT_EQ(ask("DescribeCacheClusters", kMember), "CacheClusterNotFound");
}

TEST_F(CacheTest, SomeChangesTakeTheirTime) {
  create_group();
  pass(minutes(2));
  EXPECT_EQ(change(R"("ReplicationGroupDescription": "other")"), "ok");
  EXPECT_EQ(text_at(group(), "Description"), "other");
  EXPECT_EQ(change(R"("CacheNodeType": "cache.m5.large")"), "ok");
  EXPECT_EQ(text_at(group(), "Status"), "modifying");
  EXPECT_EQ(change(R"("SnapshotWindow": "01:00-02:00")"), "InvalidReplicationGroupState");
  pass(minutes(1));
  EXPECT_EQ(text_at(group(), "CacheNodeType"), "cache.m5.large");
}

TEST_F(CacheTest, FailoverNeedsAReplica) {
  EXPECT_EQ(create_group(R"(, "AutomaticFailoverEnabled": true)"), "InvalidParameterCombination");
  create_group();
  pass(minutes(2));
  EXPECT_EQ(change(R"("MultiAZEnabled": true)"), "InvalidParameterCombination");
  EXPECT_EQ(change(R"("AutomaticFailoverEnabled": true, "MultiAZEnabled": true)"), "ok");
  pass(minutes(1));
  EXPECT_EQ(text_at(group(), "AutomaticFailover"), "enabled");
  EXPECT_EQ(change(R"("AutomaticFailoverEnabled": false)"), "InvalidParameterCombination");
}

TEST_F(CacheTest, ReplicasAreAddedAndTakenAway) {
  create_group();
  pass(minutes(2));
  const auto replicas = [this](const std::string& operation, const std::string& count) {
    return ask(operation, kGroup, R"(, "ApplyImmediately": true, "NewReplicaCount": )" + count);
  };
  EXPECT_EQ(replicas("IncreaseReplicaCount", "1"), "NoOperationFault");
  EXPECT_EQ(replicas("IncreaseReplicaCount", "0"), "InvalidParameterValue");
  EXPECT_EQ(replicas("IncreaseReplicaCount", "2"), "ok");
  pass(minutes(1));
  EXPECT_EQ(group().at("MemberClusters").as_array().size(), 3u);
  EXPECT_EQ(replicas("DecreaseReplicaCount", "2"), "NoOperationFault");
  EXPECT_EQ(replicas("DecreaseReplicaCount", "3"), "InvalidParameterValue");
  EXPECT_EQ(replicas("DecreaseReplicaCount", "1"), "ok");
  pass(minutes(1));
  EXPECT_EQ(group().at("MemberClusters").as_array().size(), 2u);
  EXPECT_EQ(change(R"("AutomaticFailoverEnabled": true)"), "ok");
  pass(minutes(1));
  EXPECT_EQ(replicas("DecreaseReplicaCount", "0"), "InvalidParameterValue");
}

TEST_F(CacheTest, TagsHaveToWait) {
  create_group(R"(, "ReplicasPerNodeGroup": 1, "Tags": [{"Key": "a", "Value": "1"}])");
  EXPECT_EQ(ask("ListTagsForResource", kTags), "InvalidReplicationGroupState");
  pass(minutes(2));
  EXPECT_EQ(ask("ListTagsForResource", kTags), "ok");
  EXPECT_EQ(ask("AddTagsToResource", kTags, R"(, "Tags": [{"Key": "b", "Value": "2"}])"), "ok");
  EXPECT_EQ(change(R"("SnapshotWindow": "01:00-02:00")"), "InvalidReplicationGroupState");
  pass(seconds(10));
  EXPECT_EQ(ask("CreateSnapshot", kGroup, R"(, "SnapshotName": "now")"), "ok");
  EXPECT_EQ(text_at(group(), "Status"), "snapshotting");
  EXPECT_EQ(ask("ListTagsForResource", kTags), "CacheClusterNotFound");
  EXPECT_EQ(only().tags.size(), 2u);
}

TEST_F(CacheTest, TheLastSnapshotHasANameOfItsOwn) {
  const std::string last = R"(, "FinalSnapshotIdentifier": "last")";
  create_group();
  pass(minutes(2));
  EXPECT_EQ(ask("DeleteReplicationGroup", kGroup, last), "ok");
  pass(minutes(1));
  create_group();
  pass(minutes(2));
  EXPECT_EQ(ask("DeleteReplicationGroup", kGroup, last), "SnapshotAlreadyExistsFault");
}

TEST_F(CacheTest, AClusterFromBirthToDeath) {
  EXPECT_EQ(create_cluster(), "ok");
  EXPECT_EQ(create_cluster(), "CacheClusterAlreadyExists");
  EXPECT_EQ(ask("DeleteCacheCluster", kCluster), "InvalidCacheClusterState");
  pass(minutes(2));
  const std::string nodes = R"(, "ApplyImmediately": true, "NumCacheNodes": )";
  EXPECT_EQ(ask("ModifyCacheCluster", kCluster, nodes + "3"), "ok");
  EXPECT_EQ(*find_path(cluster(kCluster), "PendingModifiedValues.NumCacheNodes"), Json(3));
  EXPECT_EQ(text_at(cluster(kCluster), "CacheClusterStatus"), "modifying");
  EXPECT_EQ(ask("ModifyCacheCluster", kCluster, nodes + "4"), "InvalidCacheClusterState");
  pass(minutes(1));
  EXPECT_EQ(*find_path(cluster(kCluster), "NumCacheNodes"), Json(3));
  EXPECT_EQ(ask("ModifyCacheCluster", kCluster, nodes + "2"), "InvalidParameterCombination");
  EXPECT_EQ(ask("DeleteCacheCluster", kCluster, R"(, "FinalSnapshotIdentifier": "last")"),
            "SnapshotFeatureNotSupportedFault");
  EXPECT_EQ(ask("DeleteCacheCluster", kCluster), "ok");
  pass(minutes(1));
  EXPECT_EQ(ask("DescribeCacheClusters", kCluster), "CacheClusterNotFound");
}

}  // namespace
}  // namespace infra::sim
