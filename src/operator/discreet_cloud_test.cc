#include "operator/discreet_cloud.h"

#include <gtest/gtest.h>

#include "operator/one_answer_for_test.h"

namespace infra {
namespace {

std::pair<Result<Json>, Result<Json>> answers(Result<Json> answer) {
  OneAnswer inner(std::move(answer));
  DiscreetCloud cloud(inner, {"hush\"1", "", "pw"});
  return ask(cloud);
}

TEST(DiscreetCloud, WhatIsHiddenIsNotQuoted) {
  const auto [one, all] = answers(fail(Code::kInvalid, R"(Value 'hush"1' {"v":"hush\"1"} pwpw)"));
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().message, R"(Value '***' {"v":"***"} ******)");
  EXPECT_EQ(one.error().code, Code::kInvalid);
  EXPECT_EQ(all.error().message, one.error().message);
}

TEST(DiscreetCloud, AnswersStayAsTheyAre) {
  const auto [one, all] = answers(Json("pw"));
  EXPECT_EQ(*one, Json("pw"));
  EXPECT_EQ(*all, Json("pw"));
}

}  // namespace
}  // namespace infra
