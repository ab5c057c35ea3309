#include "base/json.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

struct Bad {
  const char *text, *says;
};

TEST(Json, SaysWhereATextStopsBeingJson) {
  for (const Bad& bad : {Bad{"", "it ends too early"}, Bad{R"({"a": [1)", "it ends too early"},
                         Bad{"{\"a\": 1,\n}", "there is a comma too many before line 2, column 1"},
                         Bad{"[1, 2 , ]", "there is a comma too many before line 1, column 9"},
                         Bad{"{'a': 1}", "syntax error at line 1, column 2"},
                         Bad{R"({"a": 1} x)", "extra data at line 1, column 10"}}) {
    const auto parsed = parse_json(bad.text);
    ASSERT_FALSE(parsed) << bad.text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
    EXPECT_EQ(parsed.error().message, std::string("not valid JSON: ") + bad.says) << bad.text;
  }
}

TEST(Json, NothingAtAPathIsTheSameAsNothing) {
  const Json one = boost::json::parse(R"({"a": {"b": 1}, "c": null})");
  const Json other = boost::json::parse(R"({"a": {"b": 1.0}})");
  EXPECT_TRUE(same_at(one, other, "a"));
  EXPECT_TRUE(same_at(one, other, "a.x"));
  EXPECT_FALSE(same_at(one, other, "c"));
  EXPECT_FALSE(same_at(one, boost::json::parse(R"({"a": {"b": 2}})"), "a.b"));
}

}  // namespace
}  // namespace infra
