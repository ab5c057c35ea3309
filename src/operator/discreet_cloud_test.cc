#include "operator/discreet_cloud.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace infra {
namespace {

// Answers every call in the same way.
class OneAnswer final : public reconcile::Cloud {
 public:
  explicit OneAnswer(Result<Json> answer) : answer_(std::move(answer)) {}
  Task<Result<Json>> call(std::string, std::string, Json, Intent) override { co_return answer_; }
  Task<Result<Json>> call_all_pages(std::string, std::string, Json) override { co_return answer_; }
  const std::string& region() const override { return text_; }
  const std::string& account_id() const override { return text_; }
  const planning::TagPolicy& tag_policy() const override { return tags_; }

 private:
  Result<Json> answer_;
  std::string text_ = "here";
  planning::TagPolicy tags_;
};

Task<void> ask(reconcile::Cloud& cloud, Result<Json>* one, Result<Json>* all) {
  *one = co_await cloud.call("s", "o", Json(), reconcile::Cloud::Intent::kRead);
  *all = co_await cloud.call_all_pages("s", "o", Json());
}

std::pair<Result<Json>, Result<Json>> answers(Result<Json> answer) {
  OneAnswer inner(std::move(answer));
  DiscreetCloud cloud(inner, {"hush\"1", "", "pw"});
  std::pair<Result<Json>, Result<Json>> out;
  boost::asio::io_context io;
  boost::asio::co_spawn(io, ask(cloud, &out.first, &out.second), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  io.run();
  return out;
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
