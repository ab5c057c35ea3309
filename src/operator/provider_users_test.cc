#include "operator/provider_users.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

TEST(ProviderUsers, KnowsWhoUsesWhat) {
  ProviderUsers users;
  users.set("VPC/n/a", "n/p");
  users.set("VPC/n/b", "n/p");
  users.set("VPC/n/b", "n/q");
  EXPECT_EQ(users.of("n/p"), std::set<std::string>{"VPC/n/a"});
  EXPECT_EQ(users.of("n/q"), std::set<std::string>{"VPC/n/b"});
  users.remove("VPC/n/a");
  users.remove("VPC/n/a");
  EXPECT_TRUE(users.of("n/p").empty());
  EXPECT_TRUE(users.of("nobody/knows").empty());
}

}  // namespace
}  // namespace infra
