#include "aws/paginate.h"

#include <gtest/gtest.h>

namespace infra::aws {
namespace {

Json json(const char* text) { return parse_json(text).value(); }

TEST(Paginate, JoinsUntilThereIsNoToken) {
  auto pages = Paginator::make(
      json(R"({"input_token": "NextToken", "output_token": "NextToken", "result_key": "Vpcs"})"));
  ASSERT_TRUE(pages);
  auto next = pages->take(json(R"({"Vpcs": [1], "NextToken": "a"})"));
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, json(R"({"NextToken": "a"})").as_object());
  next = pages->take(json(R"({"Vpcs": [2, 3], "NextToken": ""})"));
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->empty());
  EXPECT_EQ(std::move(*pages).joined().at("Vpcs"), json("[1, 2, 3]"));
}

TEST(Paginate, SeveralTokensAndResultsAndAMoreFlag) {
  auto pages = Paginator::make(json(R"({"input_token": ["K", "U"], "output_token": ["NK", "NU"],
    "more_results": "More", "result_key": ["A", "L.B"]})"));
  ASSERT_TRUE(pages);
  auto next = pages->take(json(R"({"More": true, "NK": "k", "NU": "u", "L": {"B": [1]}})"));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->size(), 2u);
  next = pages->take(json(R"({"More": false, "NK": "ignored", "A": [5], "L": {"B": [2]}})"));
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->empty());
  const Json joined = std::move(*pages).joined();
  EXPECT_EQ(joined.at("A"), json("[5]"));
  EXPECT_EQ(joined.at("L").at("B"), json("[1, 2]"));
}

TEST(Paginate, ARepeatedTokenIsAnError) {
  auto pages =
      Paginator::make(json(R"({"input_token": "T", "output_token": "T", "result_key": "X"})"));
  ASSERT_TRUE(pages->take(json(R"({"T": "a"})")));
  auto next = pages->take(json(R"({"T": "a"})"));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, Code::kUnavailable);
}

TEST(Paginate, MoreWithoutATokenIsAnError) {
  auto pages = Paginator::make(json(
      R"({"input_token": "T", "output_token": "T", "more_results": "More", "result_key": "X"})"));
  EXPECT_FALSE(pages->take(json(R"({"More": true})")));
}

TEST(Paginate, ExpressionsOfTheRules) {
  const Json page = json(R"({"Contents": [{"Key": "a"}, {"Key": "b"}], "L": {"M": "m"}, "E": []})");
  EXPECT_EQ(evaluate(page, "L.M"), Json("m"));
  EXPECT_EQ(evaluate(page, "NextMarker || Contents[-1].Key"), Json("b"));
  EXPECT_TRUE(evaluate(page, "E[-1].Key").is_null());
  EXPECT_TRUE(evaluate(page, "L.M.N").is_null());
}

}  // namespace
}  // namespace infra::aws
