#include "aws/throttle.h"

#include <gtest/gtest.h>

namespace infra::sim {
namespace {

// How many of so many the throttle takes at one moment.
int taken(Throttle& throttle, const AwsCall& call, int asked, Duration now) {
  int count = 0;
  for (int i = 0; i < asked; ++i) count += throttle.takes(call, now) ? 1 : 0;
  return count;
}

TEST(Throttle, EachOperationHasABucketThatFillsAgain) {
  Throttle throttle;
  const AwsCall create{
      .service = "ec2", .operation = "CreateVpc", .access_key = "a", .writes = true};
  const AwsCall look{.service = "ec2", .operation = "DescribeVpcs", .access_key = "a"};
  EXPECT_EQ(taken(throttle, create, 60, Duration{0}), 50);
  EXPECT_EQ(taken(throttle, look, 120, Duration{0}), 100);
  EXPECT_EQ(taken(throttle, create, 60, Duration{1'000}), 5);
  EXPECT_EQ(taken(throttle, look, 120, Duration{1'000}), 20);
  EXPECT_EQ(taken(throttle, create, 60, Duration{3'600'000}), 50) << "no more than it holds";
}

TEST(Throttle, AccountsAndOtherServicesAreNotHeldUp) {
  Throttle throttle;
  const AwsCall mine{.service = "ec2", .operation = "CreateVpc", .access_key = "a", .writes = true};
  AwsCall theirs = mine;
  theirs.access_key = "b";
  const AwsCall bucket{
      .service = "s3", .operation = "CreateBucket", .access_key = "a", .writes = true};
  EXPECT_EQ(taken(throttle, mine, 60, Duration{0}), 50);
  EXPECT_EQ(taken(throttle, theirs, 60, Duration{0}), 50);
  EXPECT_EQ(taken(throttle, bucket, 1'000, Duration{0}), 1'000);
}

}  // namespace
}  // namespace infra::sim
