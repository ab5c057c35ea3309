#include "aws/retry.h"

#include <gtest/gtest.h>

namespace infra::aws {
namespace {

using std::chrono::seconds;

Error error_of(Code code) { return {.code = code, .message = "-"}; }

TEST(Retry, WaitDoublesUpToABound) {
  const Error error = error_of(Code::kThrottled);
  EXPECT_EQ(retry_wait(1, error, 1.0), seconds(1));
  EXPECT_EQ(retry_wait(2, error, 1.0), seconds(2));
  EXPECT_EQ(retry_wait(10, error, 1.0), seconds(20));
  EXPECT_EQ(retry_wait(10, error, 0.0), seconds(0));
}

TEST(Retry, WaitsAtLeastAsLongAsAsked) {
  Error error = error_of(Code::kThrottled);
  error.retry_after = seconds(7);
  EXPECT_EQ(retry_wait(1, error, 0.5), seconds(7));
}

TEST(Retry, UnknownOutcomesAreRepeatedOnlyWhereHarmless) {
  EXPECT_TRUE(worth_retrying(error_of(Code::kThrottled), false));
  EXPECT_FALSE(worth_retrying(error_of(Code::kUnavailable), false));
  EXPECT_FALSE(worth_retrying(error_of(Code::kDeadline), false));
  EXPECT_TRUE(worth_retrying(error_of(Code::kUnavailable), true));
  EXPECT_FALSE(worth_retrying(error_of(Code::kInvalid), true));
  EXPECT_FALSE(worth_retrying(error_of(Code::kCancelled), true));
}

TEST(Retry, QuotaRunsOutAndRefills) {
  RetryQuota quota;
  int taken = 0;
  while (quota.take(error_of(Code::kThrottled))) ++taken;
  EXPECT_EQ(taken, 100);
  quota.give_back(true);
  EXPECT_EQ(quota.left(), 5);
  EXPECT_FALSE(quota.take(error_of(Code::kDeadline)));
  EXPECT_TRUE(quota.take(error_of(Code::kUnavailable)));
}

}  // namespace
}  // namespace infra::aws
