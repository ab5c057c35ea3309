#include "planning/validate.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

using definition::Field;
using definition::Form;

definition::Definition sample_kind() {
  Field policy{.name = "policy", .form = Form::kPolicy};
  Field inner{.name = "inner", .type = definition::Type::kObject, .fields = {policy}};
  Field item{.name = "", .type = definition::Type::kObject, .fields = {policy}};
  Field list{.name = "list", .type = definition::Type::kArray, .fields = {item}};
  definition::Definition kind;
  kind.spec = {policy, inner, list};
  return kind;
}

std::vector<std::string> problems(const char* spec) {
  return invalid_fields(sample_kind(), boost::json::parse(spec));
}

TEST(Validate, PoliciesAreJsonObjects) {
  EXPECT_TRUE(problems(R"({"policy": "{\"a\": [1]}"})").empty());
  EXPECT_TRUE(problems("{}").empty());
  for (const char* bad : {R"({"policy": "{"})", R"({"policy": "[]"})", R"({"policy": "\"x\""})",
                          R"({"policy": "no"})"}) {
    const auto found = problems(bad);
    ASSERT_EQ(found.size(), 1u) << bad;
    EXPECT_TRUE(found[0].starts_with("spec.policy must be a JSON object")) << found[0];
  }
}

TEST(Validate, StatementsAreObjects) {
  for (const char* good :
       {R"({"policy": "{\"Statement\": {}}"})", R"({"policy": "{\"Statement\": [{}, {}]}"})"}) {
    EXPECT_TRUE(problems(good).empty()) << good;
  }
  for (const char* bad :
       {R"({"policy": "{\"Statement\": \"x\"}"})", R"({"policy": "{\"Statement\": [1]}"})"}) {
    const auto found = problems(bad);
    ASSERT_EQ(found.size(), 1u) << bad;
    EXPECT_EQ(found[0], "spec.policy must have an object or a list of objects as its Statement");
  }
}

TEST(Validate, NamesTheWholePath) {
  const auto found = problems(R"({"inner": {"policy": "x"}})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("spec.inner.policy ")) << found[0];
  const auto listed = problems(R"({"list": [{"policy": "{}"}, 7, {"policy": "x"}]})");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_TRUE(listed[0].starts_with("spec.list[2].policy ")) << listed[0];
}

}  // namespace
}  // namespace infra::planning
