#include "operator/provider_users.h"

#include <gtest/gtest.h>

#include "operator/resources.h"

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

TEST(Interval, HasOneUnit) {
  EXPECT_EQ(parse_interval("90s"), Duration{90'000});
  EXPECT_EQ(parse_interval("5m"), Duration{300'000});
  EXPECT_EQ(parse_interval("1h"), Duration{3'600'000});
  for (const char* bad : {"", "5", "s", "0s", "-5m", "1.5h", "5m30s", "5 m", "99999999999h"}) {
    EXPECT_EQ(parse_interval(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace infra
