#include "operator/named_resources.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

using Keys = std::set<std::string>;

definition::Definition assigned() {
  definition::Definition out{.kind = "VPC", .service = "ec2"};
  out.identity.status = "vpcID";
  return out;
}

definition::Definition chosen() {
  definition::Definition out{.kind = "Table", .service = "dynamodb"};
  out.identity.chosen = "tableName";
  out.identity.proof = "tableARN";
  return out;
}

Json object(const std::string& provider, const std::string& path, const std::string& name) {
  Json out = JsonObject{{"metadata", JsonObject{{"namespace", "n"}}}};
  set_path(out, "spec.providerRef.name", Json(provider));
  set_path(out, path, Json(name));
  return out;
}

TEST(NamedResources, AreFoundByTheIdThatAwsHasGiven) {
  NamedResources named;
  named.set("VPC/n/a", assigned(), object("p", "spec.cidrBlock", "10.0.0.0/16"));
  EXPECT_TRUE(named.find("n/p", "ec2", "10.0.0.0/16").empty());
  named.set("VPC/n/a", assigned(), object("p", "status.vpcID", "vpc-1"));
  EXPECT_EQ(named.find("n/p", "ec2", "vpc-1"), Keys{"VPC/n/a"});
  named.set("VPC/n/a", assigned(), object("p", "status.vpcID", "vpc-2"));
  EXPECT_TRUE(named.find("n/p", "ec2", "vpc-1").empty());
  named.set("VPC/n/a", assigned(), Json());
  named.set("VPC/n/a", assigned(), Json());
  EXPECT_TRUE(named.find("n/p", "ec2", "vpc-2").empty());
}

TEST(NamedResources, AreFoundByAChosenNameAndItsArn) {
  NamedResources named;
  Json table = object("p", "spec.tableName", "orders");
  named.set("Table/n/a", chosen(), table);
  EXPECT_EQ(named.find("n/p", "dynamodb", "orders"), Keys{"Table/n/a"});
  set_path(table, "status.tableARN", "arn:aws:dynamodb:::table/orders");
  named.set("Table/n/a", chosen(), table);
  EXPECT_EQ(named.find("n/p", "dynamodb", "arn:aws:dynamodb:::table/orders"), Keys{"Table/n/a"});
}

TEST(NamedResources, ANameMeansNothingToAnotherServiceOrProvider) {
  NamedResources named;
  named.set("Table/n/a", chosen(), object("p", "spec.tableName", "orders"));
  named.set("Table/n/b", chosen(), object("q", "spec.tableName", "orders"));
  EXPECT_EQ(named.find("n/p", "dynamodb", "orders"), Keys{"Table/n/a"});
  EXPECT_TRUE(named.find("n/p", "s3", "orders").empty());
  named.set("Table/n/b", chosen(), object("p", "spec.tableName", "orders"));
  EXPECT_EQ(named.find("n/p", "dynamodb", "orders"), (Keys{"Table/n/a", "Table/n/b"}));
  EXPECT_TRUE(named.find("n/q", "dynamodb", "orders").empty());
}

TEST(NamedResources, AreFoundUnderCloudTrailsWordForTheService) {
  auto definition = assigned();
  definition.service = "elbv2";
  NamedResources named;
  named.set("LB/n/a", definition, object("p", "status.vpcID", "arn:lb"));
  EXPECT_EQ(named.find("n/p", "elasticloadbalancing", "arn:lb"), Keys{"LB/n/a"});
}

TEST(NamedResources, AVariantHasAnIdentityOfItsOwn) {
  definition::Definition cluster{.kind = "Cluster", .service = "elasticache"};
  definition::Definition redis = chosen();
  redis.service = "elasticache";
  redis.variant.when["engine"] = "redis";
  cluster.variants = {redis};
  Json one = object("p", "spec.tableName", "sessions");
  set_path(one, "spec.engine", "redis");
  NamedResources named;
  named.set("Cluster/n/a", cluster, one);
  EXPECT_EQ(named.find("n/p", "elasticache", "sessions"), Keys{"Cluster/n/a"});
}

}  // namespace
}  // namespace infra
