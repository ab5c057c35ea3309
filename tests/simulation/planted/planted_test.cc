#include "planted/planted.h"

#include <gtest/gtest.h>

#include <set>

#include "operator/work_queue.h"
#include "planning/decide.h"

namespace infra {
namespace {

class Planted : public testing::Test {
 protected:
  ~Planted() override { plant(""); }
};

planning::Plan plan_of_a_retained_deletion() {
  definition::Definition kind;
  kind.kind = "Sample";
  planning::Desired desired;
  desired.uid = "u1";
  desired.spec = boost::json::parse(R"({"deletionPolicy": "Retain"})");
  desired.deleting = true;
  planning::Observed observed;
  observed.present = true;
  return planning::decide(kind, desired, observed);
}

TEST_F(Planted, EachHasANameOfItsOwnAndCanBeArmed) {
  std::set<std::string_view> names;
  for (const auto& bug : planted_bugs()) {
    EXPECT_TRUE(names.insert(bug.name).second) << bug.name;
    EXPECT_TRUE(plant(bug.name)) << bug.name;
    EXPECT_FALSE(bug.pattern.empty() || bug.does.empty() || bug.shows.empty()) << bug.name;
  }
}

TEST_F(Planted, UnknownNamesAreRefused) {
  EXPECT_FALSE(plant("no such bug"));
  EXPECT_FALSE(planted("no such bug"));
}

TEST_F(Planted, NoneIsOnUntilArmed) {
  EXPECT_FALSE(planted("retain-ignored"));
  EXPECT_EQ(plan_of_a_retained_deletion().action, planning::Action::kForget);
}

TEST_F(Planted, TheCopiesAreLinkedAndActOnTheOneThatIsArmed) {
  ASSERT_TRUE(plant("retain-ignored"));
  EXPECT_EQ(plan_of_a_retained_deletion().action, planning::Action::kDelete);
  EXPECT_EQ(planted_reached(), 1u);
  ASSERT_TRUE(plant("tags-not-compared"));
  EXPECT_EQ(plan_of_a_retained_deletion().action, planning::Action::kForget);
  EXPECT_EQ(planted_reached(), 0u);
}

}  // namespace
}  // namespace infra
