#include "operator/timely_cloud.h"

#include <gtest/gtest.h>

#include "base/clock_for_test.h"
#include "operator/one_answer_for_test.h"

namespace infra {
namespace {

TEST(TimelyCloud, NothingIsSentWhenTheTimeIsOver) {
  JumpingClock clock;
  OneAnswer inner(Json("answer"));
  TimelyCloud cloud(inner, clock, clock.steady() + Duration{1'000});
  clock.advance(Duration{999});
  EXPECT_EQ(*ask(cloud).first, Json("answer"));
  EXPECT_EQ(*ask(cloud).second, Json("answer"));
  clock.advance(Duration{1});
  const auto [one, all] = ask(cloud);
  ASSERT_FALSE(one);
  ASSERT_FALSE(all);
  EXPECT_EQ(one.error().code, Code::kCancelled);
  EXPECT_EQ(one.error().message,
            "o was not sent: this pass has taken longer than --reconcile-timeout allows; the next "
            "one goes on");
  EXPECT_EQ(all.error().message, one.error().message);
}

}  // namespace
}  // namespace infra
