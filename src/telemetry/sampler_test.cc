#include "telemetry/sampler.h"

#include <gtest/gtest.h>

#include <vector>

namespace infra::telemetry {
namespace {

constexpr SteadyTime kNow{Duration{5'000}};

// The numbers, from 1, of those that are written of `count` alike.
std::vector<int> written(Sampler& sampler, int count, SteadyTime now = kNow) {
  std::vector<int> out;
  for (int number = 1; number <= count; ++number) {
    if (sampler.admit(Level::kInfo, "busy", now)) out.push_back(number);
  }
  return out;
}

TEST(Sampler, TheFirstOfASecondAndThenOneOfSoMany) {
  Sampler sampler({.first = 2, .thereafter = 3});
  EXPECT_EQ(written(sampler, 9), (std::vector{1, 2, 5, 8}));
}

TEST(Sampler, AtNoneThereafterOnlyTheFirst) {
  Sampler sampler({.first = 2, .thereafter = 0});
  EXPECT_EQ(written(sampler, 9), (std::vector{1, 2}));
}

TEST(Sampler, EverySecondBeginsAnew) {
  Sampler sampler({.first = 1, .thereafter = 0});
  EXPECT_EQ(written(sampler, 2, kNow), std::vector{1});
  EXPECT_EQ(written(sampler, 2, kNow + Duration{999}), std::vector<int>{});
  EXPECT_EQ(written(sampler, 2, kNow + Duration{1'000}), std::vector{1});
}

TEST(Sampler, OthersDoNotCount) {
  Sampler sampler({.first = 1, .thereafter = 0});
  EXPECT_TRUE(sampler.admit(Level::kInfo, "busy", kNow));
  EXPECT_TRUE(sampler.admit(Level::kError, "busy", kNow));
  EXPECT_TRUE(sampler.admit(Level::kInfo, "idle", kNow));
  EXPECT_FALSE(sampler.admit(Level::kInfo, "busy", kNow));
}

TEST(Sampler, SaysHowManyWereLeftOut) {
  Sampler sampler({.first = 1, .thereafter = 3});
  EXPECT_EQ(sampler.admit(Level::kInfo, "busy", kNow), 0u);
  EXPECT_EQ(sampler.admit(Level::kInfo, "busy", kNow), std::nullopt);
  EXPECT_EQ(sampler.admit(Level::kInfo, "busy", kNow), std::nullopt);
  EXPECT_EQ(sampler.admit(Level::kInfo, "busy", kNow), 2u);
  EXPECT_EQ(sampler.admit(Level::kInfo, "busy", kNow), std::nullopt);
  EXPECT_EQ(sampler.admit(Level::kInfo, "busy", kNow + Duration{1'000}), 1u);
}

}  // namespace
}  // namespace infra::telemetry
