#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kube/cel_eval.h"
#include "kube/cel_parse.h"
#include "kube/rules.h"

namespace infra::sim {
namespace {

using Cases = std::vector<std::pair<std::string, std::optional<bool>>>;

Json json(const std::string& text) { return parse_json(text).value(); }

std::optional<bool> answer(const std::string& rule, const Json& self, const Json* old = nullptr) {
  return cel::evaluate(cel::parse(rule), self, old);
}

void expect(const Cases& cases, const Json& self = JsonObject{}) {
  for (const auto& [rule, wanted] : cases) {
    EXPECT_EQ(answer(rule, self), wanted) << rule << " of " << boost::json::serialize(self);
  }
}

constexpr auto kError = std::nullopt;

TEST(Cel, OperatorsBindAsInCel) {
  expect({{"true || false && false", true},
          {"(true || false) && false", false},
          {"!false && false", false},
          {"!(false && false)", true},
          {"1 + 1 == 2 && 2 == 1 + 1", true},
          {"1 < 2 == true", true},
          {"true ? false : true ? true : true", false},
          {"false ? false : false ? false : true", true},
          {"true || false ? false : true", false},
          {"1 + 2 < 4 ? 'a' == 'a' : false", true}});
}

TEST(Cel, Values) {
  expect({{"1 == 1", true},
          {"1 != 1", false},
          {"2 <= 2", true},
          {"2 < 2", false},
          {"3 >= 4", false},
          {"4 > 3", true},
          {"'a' < 'b'", true},
          {"'a' < 1", kError},
          {"[1, 'a'] == [1, 'a']", true},
          {"[1, 2] == [2, 1]", false},
          {"2 in [1, 2]", true},
          {"3 in [1, 2,]", false},
          {"1 in 'a'", kError},
          {"[1, 2][1] == 2", true},
          {"[1, 2][2] == 2", kError},
          {"9223372036854775807 + 1 == 0", kError},
          {"'a' + 1 == 2", kError},
          {"'1'", kError},
          {"!1", kError}});
}

TEST(Cel, TextsAndTheirEscapes) {
  expect({{R"('a"b' == "a\"b")", true},
          {R"('\\.' == "\\.")", true},
          {R"(size('\\.') == 2)", true},
          {R"('\n\t' == ' ')", false},
          {"size('äöü') == 3", true},
          {"'abc'.size() == 3", true},
          {"'abc'.contains('bc')", true},
          {"'abc'.startsWith('bc')", false},
          {"'abc'.startsWith('ab')", true},
          {"'abc'.endsWith('bc')", true},
          {"'abc'.endsWith('ab')", false},
          {"'a/b/'.split('/') == ['a', 'b', '']", true},
          {"'a'.split(', ') == ['a']", true},
          {R"('1.2'.matches('^1\\.2$'))", true},
          {R"('1x2'.matches('^1\\.2$'))", false},
          {"'xabcx'.matches('abc')", true},
          {"int('12') == 12", true},
          {"int(12) == 12", true},
          {"int('1x') == 1", kError},
          {"int('') == 0", kError},
          {"(1).contains('1')", kError}});
}

TEST(Cel, MembersAndWhetherTheyAreThere) {
  expect({{"has(self.a)", true},
          {"has(self.x)", false},
          {"has(self.a.b)", true},
          {"has(self.a.x)", false},
          {"has(self.x.b)", kError},
          {"has(self.a.b.c)", kError},
          {"self.a.b == 'c'", true},
          {"self.x == 'c'", kError},
          {"self.list[1].n == 2", true},
          {"[self.a, self.a][1].b == 'c'", true},
          {"self.a['b'] == 'c'", true},
          {"'b' in self.a", true},
          {"'x' in self.a", false},
          {"size(self.list) == 2", true},
          {"size(self) >= 2", true}},
         json(R"({"a":{"b":"c"},"list":[{"n":1},{"n":2}]})"));
}

// What decides alone does so beside an error, whichever comes first; an error that matters stays.
TEST(Cel, ErrorsAreAbsorbedWhereTheyDoNotMatter) {
  expect({{"false && self.x", false},
          {"self.x && false", false},
          {"true && self.x", kError},
          {"self.x && true", kError},
          {"true || self.x", true},
          {"self.x || true", true},
          {"false || self.x", kError},
          {"self.x || false", kError},
          {"!self.x", kError},
          {"!has(self.x) || self.x == 1", true},
          {"self.x == 1 || !has(self.x)", true},
          {"has(self.x) ? self.x == 1 : true", true},
          {"self.x ? true : true", kError},
          {"1 && false", false},
          {"1 || false", kError},
          {"self.x == self.x", kError},
          {"self.x in [1]", kError},
          {"[self.x] == []", kError}});
}

TEST(Cel, Macros) {
  expect({{"[1, 2].all(n, n > 0)", true},
          {"[1, 2].all(n, n > 1)", false},
          {"[].all(n, false)", true},
          {"[1, 2].exists(n, n > 1)", true},
          {"[1, 2].exists(n, n > 2)", false},
          {"[].exists(n, true)", false},
          {"[1, 2].exists_one(n, n > 1)", true},
          {"[1, 2].exists_one(n, n > 0)", false},
          {"[1, 2].exists_one(n, n > 2)", false},
          {"[1, 'a'].all(n, n > 1)", false},
          {"[1, 'a'].all(n, n > 0)", kError},
          {"[1, 'a'].exists(n, n > 0)", true},
          {"[1, 'a'].exists(n, n > 1)", kError},
          {"[1, 'a'].exists_one(n, n > 0)", kError},
          {"[[1], [2]].all(a, a.exists(b, [b] == a))", true},
          {"[1].all(n, [2].all(n, n == 2) && n == 1)", true},
          {"self.map.all(key, key.startsWith('k'))", true},
          {"self.map.exists_one(key, self.map[key] == 1)", true},
          {"(1).all(n, true)", kError}},
         json(R"({"map":{"k1":1,"k2":2}})"));
}

TEST(Cel, ExactlyOneOf) {
  const std::string one =
      "[has(self.vpcID) && self.vpcID != '', has(self.vpcRef), has(self.vpcSelector)]"
      ".exists_one(x, x)";
  const std::string sum =
      "(has(self.vpcID) && self.vpcID != '' ? 1 : 0) + (has(self.vpcRef) ? 1 : 0) + "
      "(has(self.vpcSelector) ? 1 : 0) == 1";
  for (const auto& rule : {one, sum}) {
    expect({{rule, false}}, json("{}"));
    expect({{rule, true}}, json(R"({"vpcID":"vpc-1"})"));
    expect({{rule, false}}, json(R"({"vpcID":""})"));
    expect({{rule, true}}, json(R"({"vpcID":"","vpcRef":{}})"));
    expect({{rule, false}}, json(R"({"vpcID":"vpc-1","vpcRef":{}})"));
    expect({{rule, false}}, json(R"({"vpcRef":{},"vpcSelector":{}})"));
  }
}

TEST(Cel, FormerValues) {
  const std::string rule = "has(self.a) == has(oldSelf.a) && (!has(self.a) || self.a == oldSelf.a)";
  const Json with = json(R"({"a":1})");
  const Json other = json(R"({"a":2})");
  const Json without = json("{}");
  EXPECT_EQ(answer(rule, with, &with), true);
  EXPECT_EQ(answer(rule, without, &without), true);
  EXPECT_EQ(answer(rule, with, &other), false);
  EXPECT_EQ(answer(rule, with, &without), false);
  EXPECT_EQ(answer(rule, without, &with), false);
}

TEST(Cel, RefusesWhatItDoesNotKnow) {
  for (const char* rule : {"",
                           "self.",
                           "self.a.b(",
                           "(self",
                           "self)",
                           "[1",
                           "'a",
                           "1.5 == 1.5",
                           "1u == 1u",
                           "-1 < 0",
                           "1 - 1 == 0",
                           "2 * 2 == 4",
                           "null == null",
                           "{'a': 1} == self",
                           "r'a' == 'a'",
                           "'''a''' == 'a'",
                           R"('\x41' == 'A')",
                           "self.?a.hasValue()",
                           "self.a.trim() == ''",
                           "type(self) == string",
                           "other == 1",
                           "n == 1 && [1].all(n, n == 1)",
                           "has(self)",
                           "has(self.a['b'])",
                           "[1].map(n, n) == [1]",
                           "'a'.matches(self.a)",
                           "'a'.split('') == ['a']",
                           "'a'.split(self.a) == []",
                           "self.a == 1 self.b",
                           "[1].all(1, true)",
                           "'a'.matches('(?=a)')",
                           "self = 1",
                           "self.a & self.b"}) {
    EXPECT_THROW(compile_rule(rule, ""), std::runtime_error) << rule;
  }
}

TEST(Rules, ThatNameOldSelfCompare) {
  EXPECT_TRUE(compile_rule("self == oldSelf", "").compares);
  EXPECT_TRUE(compile_rule("[1].all(n, has(oldSelf.a))", "").compares);
  EXPECT_FALSE(compile_rule("self != 'oldSelf'", "").compares);
}

TEST(Rules, ThatEndInAnErrorDoNotHold) {
  EXPECT_FALSE(compile_rule("self.a", "").holds(json("{}"), nullptr));
  EXPECT_FALSE(compile_rule("!self.a", "").holds(json("{}"), nullptr));
  EXPECT_TRUE(compile_rule("self.a", "").holds(json(R"({"a":true})"), nullptr));
}

TEST(Rules, SayTheirMessageOrThemselves) {
  EXPECT_EQ(compile_rule("true", "must be so").message, "must be so");
  EXPECT_EQ(compile_rule("true", "").message, "failed rule: true");
}

}  // namespace
}  // namespace infra::sim
