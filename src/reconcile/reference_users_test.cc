#include "reconcile/reference_users.h"

#include <gtest/gtest.h>

namespace infra::reconcile {
namespace {

const Target kVpc{"VPC", "default", "network"};
const Target kOne{"Subnet", "default", "one"};
const Target kTwo{"Subnet", "default", "two"};

Json labelled(const std::string& team) {
  return JsonObject{{"metadata", JsonObject{{"labels", JsonObject{{"team", team}}}}}};
}

Asked by_name() { return {.named = {kVpc}, .selected = {}}; }
Asked by_label() {
  return {.named = {}, .selected = {{.kind = "VPC", .ns = "default", .labels = {{"team", "a"}}}}};
}

TEST(ReferenceUsers, KnowsWhoNamesAnObject) {
  ReferenceUsers users;
  users.set(kOne, by_name());
  users.set(kTwo, by_name());
  EXPECT_EQ(users.of(kVpc, Json()), (std::set<Target>{kOne, kTwo}));
  users.set(kOne, by_name());
  users.remove(kTwo);
  EXPECT_EQ(users.of(kVpc, Json()), std::set<Target>{kOne});
  users.remove(kOne);
  EXPECT_TRUE(users.of(kVpc, Json()).empty());
  EXPECT_TRUE(users.asked_by(kOne).named.empty());
}

TEST(ReferenceUsers, KnowsWhoseLabelsFindAnObject) {
  ReferenceUsers users;
  users.set(kOne, by_label());
  EXPECT_EQ(users.of(kVpc, labelled("a")), std::set<Target>{kOne});
  EXPECT_TRUE(users.of(kVpc, labelled("b")).empty());
  EXPECT_TRUE(users.of({"VPC", "other", "network"}, labelled("a")).empty());
  EXPECT_TRUE(users.of({"Subnet", "default", "network"}, labelled("a")).empty());
  users.set(kOne, by_name());
  EXPECT_TRUE(users.of({"VPC", "default", "x"}, labelled("a")).empty());
}

}  // namespace
}  // namespace infra::reconcile
