#include "planning/access.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

Json parsed(const char* json) { return boost::json::parse(json); }

TEST(Access, TheProvidersNamespaceIsTheObjectsOwnUnlessWritten) {
  const auto key = [](const char* json) { return provider_key_of(parsed(json)); };
  EXPECT_EQ(key(R"({"metadata": {"namespace": "n"}, "spec": {"providerRef": {"name": "p"}}})"),
            "n/p");
  EXPECT_EQ(key(R"({"metadata": {"namespace": "n"},
                    "spec": {"providerRef": {"name": "p", "namespace": "m"}}})"),
            "m/p");
  EXPECT_EQ(key(R"({"metadata": {"namespace": "n"}, "spec": {}})"), "");
}

TEST(Access, AProviderServesItsOwnNamespaceAndThoseItNames) {
  const Json provider =
      parsed(R"({"metadata": {"namespace": "n"}, "spec": {"allowedNamespaces": ["m", 1]}})");
  EXPECT_TRUE(serves(provider, "n"));
  EXPECT_TRUE(serves(provider, "m"));
  EXPECT_FALSE(serves(provider, "o"));
  EXPECT_TRUE(serves(parsed(R"({"spec": {"allowedNamespaces": ["*"]}})"), "o"));
}

TEST(Access, AnArnNamesItsPartition) {
  EXPECT_EQ(partition_of("arn:aws:iam::1:role/r"), "aws");
  EXPECT_EQ(partition_of("arn:aws-cn:sts::1:assumed-role/r/s"), "aws-cn");
  EXPECT_EQ(partition_of("arn:aws-us-gov"), "aws-us-gov");
  for (const char* other : {"", "arn:", "arn:x:iam::1:role/r", "role/r"}) {
    EXPECT_EQ(partition_of(other), "") << other;
  }
}

TEST(Access, AnObjectLetsInItsOwnNamespaceAndThoseItNames) {
  const Json object = parsed(R"({"metadata": {"namespace": "n", "annotations": {
      "aws-infra-operator.runner.codes/allow-references-from": "a, b"}}})");
  for (const char* ns : {"n", "a", "b"}) EXPECT_TRUE(lets_refer(object, ns)) << ns;
  EXPECT_FALSE(lets_refer(object, "c"));
  EXPECT_FALSE(lets_refer(parsed("{}"), "c"));
}

}  // namespace
}  // namespace infra::planning
