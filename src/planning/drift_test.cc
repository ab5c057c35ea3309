#include "planning/drift.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

using definition::Field;
using definition::Type;

class DriftTest : public testing::Test {
 protected:
  DriftTest() {
    Field size{.name = "size", .type = Type::kInteger, .read_at = "Size"};
    Field text{.name = "text", .read_at = "Text"};
    Field password{.name = "password", .type = Type::kSecretKey};
    Field environment{.name = "environment", .type = Type::kObject};
    environment.fields = {{.name = "variables", .secret = true}};
    Field members{.name = "members", .type = Type::kArray};
    kind.spec = {size, text, password, environment, members};
    definition::Facet facet{.name = "settings"};
    facet.fields = {"size", "text"};
    kind.facets = {facet};
    definition::ChildSet set{.field = "members"};
    set.value = "Name";
    kind.sets = {set};
    observed.present = true;
    observed.facets["settings"] = JsonObject{{"Size", 9}};
  }
  std::vector<std::string> told(std::vector<std::string> paths) {
    plan.paths = std::move(paths);
    std::vector<std::string> out;
    for (const auto& one : differences(kind, desired, observed, plan)) {
      out.push_back(one.path + ": " + one.expected + " -> " + one.actual + " " +
                    std::string(one.severity));
    }
    return out;
  }

  definition::Definition kind;
  Desired desired;
  Observed observed;
  Plan plan;
};

using Lines = std::vector<std::string>;

TEST_F(DriftTest, FieldsAreShownAsSpecHasThem) {
  desired.spec = JsonObject{{"size", 3}, {"text", "a"}};
  EXPECT_EQ(told({"size", "text"}), (Lines{"size: 3 -> 9 high", "text: a ->  high"}));
}

TEST_F(DriftTest, TagsMatterLess) {
  desired.tags = {{"Team", "a"}};
  observed.tags = {{"Team", "b"}, {"Old", "c"}};
  EXPECT_EQ(told({"tags.Team", "tags.Old"}),
            (Lines{"tags.Team: a -> b low", "tags.Old:  -> c low"}));
  plan.paths = {"tags.Team"};
  EXPECT_EQ(severity_of(differences(kind, desired, observed, plan)), "low");
  plan.paths = {"tags.Team", "size"};
  EXPECT_EQ(severity_of(differences(kind, desired, observed, plan)), "high");
}

TEST_F(DriftTest, AFieldIsAsSevereAsTheInnermostThatSaysSo) {
  Field& environment = kind.spec[3];
  environment.severity = "critical";
  environment.fields[0].severity = "medium";
  kind.spec[4].severity = "low";
  plan.sets["members"].add = {{.key = "a", .value = Json("a"), .found = {}}};
  EXPECT_EQ(told({"environment", "environment.variables", "size", "members"}),
            (Lines{"environment: *** -> *** critical", "environment.variables: *** -> *** medium",
                   "size:  -> 9 high", "members: a ->  low"}));
}

TEST_F(DriftTest, WhatIsLessSevereIsTakenAway) {
  std::vector<Difference> found{
      {"a", "", "", "low"}, {"b", "", "", "high"}, {"c", "", "", "medium"}};
  keep_severe("low", found);
  EXPECT_EQ(found.size(), 3u);
  EXPECT_EQ(severity_of(found), "high");
  keep_severe("high", found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "b");
  keep_severe("critical", found);
  EXPECT_EQ(severity_of(found), "");
}

TEST_F(DriftTest, SecretsAreNotShown) {
  desired.spec = JsonObject{{"password", "hush"}, {"environment", "hush"}};
  EXPECT_EQ(told({"password", "environment.variables"}),
            (Lines{"password: *** -> *** high", "environment.variables: *** -> *** high"}));
}

TEST_F(DriftTest, LongTextsAreCut) {
  desired.spec = JsonObject{{"text", std::string(5'000, 'x')}};
  plan.paths = {"text"};
  EXPECT_EQ(differences(kind, desired, observed, plan)[0].expected.size(), 200u);
}

TEST_F(DriftTest, ItemsOfSetsAreToldOneByOne) {
  plan.sets["members"].add = {{.key = "a", .value = Json("a"), .found = {}}};
  plan.sets["members"].remove = {
      {.key = "b", .value = {}, .found = Json(JsonObject{{"Name", "b"}})}};
  EXPECT_EQ(told({"members"}), (Lines{"members: a ->  high", "members:  -> b high"}));
}

TEST_F(DriftTest, AllOfItMayHaveGone) {
  observed.present = false;
  EXPECT_EQ(told({}), Lines{"resource: there -> gone critical"});
}

}  // namespace
}  // namespace infra::planning
