#include "reconcile/conditions.h"

#include <gtest/gtest.h>

namespace infra::reconcile {
namespace {

const WallTime kFirst = parse_rfc3339("2026-01-01T00:00:00Z");
const WallTime kLater = parse_rfc3339("2026-01-02T00:00:00Z");

Json status_with(const Condition& condition, WallTime time) {
  return JsonObject{{"conditions", conditions_json(JsonObject{}, {condition}, 1, time)}};
}

std::string first(const JsonArray& conditions, std::string_view member) {
  return text_at(conditions.at(0), member);
}

TEST(Conditions, TheTransitionTimeMovesWithTheStatusAlone) {
  const Json before = status_with({"Ready", "False", "A", "a"}, kFirst);
  const auto same = conditions_json(before, {{"Ready", "False", "B", "b"}}, 2, kLater);
  EXPECT_EQ(first(same, "lastTransitionTime"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(first(same, "reason"), "B");
  const auto other = conditions_json(before, {{"Ready", "True", "B", "b"}}, 2, kLater);
  EXPECT_EQ(first(other, "lastTransitionTime"), "2026-01-02T00:00:00Z");
}

TEST(Conditions, AnotherRequestIdIsNoNews) {
  const Json before = status_with({"Ready", "False", "A", "no (request id 1); later"}, kFirst);
  const auto same =
      conditions_json(before, {{"Ready", "False", "A", "no (request id 2); later"}}, 1, kLater);
  EXPECT_EQ(first(same, "message"), "no (request id 1); later");
  const auto other =
      conditions_json(before, {{"Ready", "False", "A", "yes (request id 2)"}}, 1, kLater);
  EXPECT_EQ(first(other, "message"), "yes (request id 2)");
}

TEST(Conditions, OneIsFoundByItsType) {
  const Json status = status_with({"Ready", "False", "A", "a"}, kFirst);
  EXPECT_EQ(condition_of(status, "Ready")->message, "a");
  EXPECT_FALSE(condition_of(status, "Synced"));
  EXPECT_FALSE(condition_of(Json(), "Ready"));
}

TEST(Conditions, AMessageFitsTheApiServersBound) {
  const auto made =
      conditions_json(JsonObject{}, {{"Ready", "False", "A", std::string(50'000, 'x')}}, 1, kFirst);
  EXPECT_LE(first(made, "message").size(), 32'768u);
}

}  // namespace
}  // namespace infra::reconcile
