#include "operator/interval.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

TEST(Interval, HasOneUnit) {
  EXPECT_EQ(parse_interval("90s"), Duration{90'000});
  EXPECT_EQ(parse_interval("5m"), Duration{300'000});
  EXPECT_EQ(parse_interval("1h"), Duration{3'600'000});
  for (const char* bad : {"", "5", "s", "0s", "-5m", "1.5h", "5m30s", "5 m", "99999999999h"}) {
    EXPECT_EQ(parse_interval(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace infra
