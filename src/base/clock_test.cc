#include "base/clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace infra {
namespace {

WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

TEST(Rfc3339, Reads) {
  struct Row {
    std::string text;
    std::int64_t seconds;
  };
  constexpr std::int64_t kTime = 1'767'323'045;  // 2026-01-02T03:04:05Z
  for (const auto& [text, seconds] : std::vector<Row>{
           {"2026-01-02T03:04:05Z", kTime},
           {"2026-01-02t03:04:05z", kTime},
           {"2026-01-02 03:04:05Z", kTime},
           {"2026-01-02T03:04:05.9Z", kTime},
           {"2026-01-02T03:04:05.123456789Z", kTime},
           {"2026-01-02T03:04:05.123456+00:00", kTime},
           {"2026-01-02T05:34:05+02:30", kTime},
           {"2026-01-01T19:04:05-08:00", kTime},
           {"2026-01-02T05:34:05+0230", kTime},
           {"2026-01-02T03:04:05", kTime},
           {"1970-01-01T00:00:00Z", 0},
           {"2024-02-29T00:00:00Z", 1'709'164'800},
           {"2000-02-29T23:59:59Z", 951'868'799},
           {"2016-12-31T23:59:60Z", 1'483'228'800},
           {"2038-01-19T03:14:08Z", 2'147'483'648},
           {"2262-04-11T23:47:16Z", 9'223'372'036},
       }) {
    EXPECT_EQ(parse_rfc3339(text), at(seconds)) << text;
  }
}

TEST(Rfc3339, WhatIsNoTimeIsTheEpoch) {
  for (const std::string text : {"",
                                 "now",
                                 "2026",
                                 "2026-01-02",
                                 "2026-01-02T03:04Z",
                                 "2026-01-02T03:04:05.Z",
                                 "2026-01-02T03:04:05ZZ",
                                 "2026-01-02T03:04:05 and more",
                                 "2026-01-02T03:04:05+",
                                 "2026-01-02T03:04:05+25:00",
                                 "2026-13-02T03:04:05Z",
                                 "2026-00-02T03:04:05Z",
                                 "2026-01-32T03:04:05Z",
                                 "2026-02-29T00:00:00Z",
                                 "1900-02-29T00:00:00Z",
                                 "2026-01-02T24:00:00Z",
                                 "2026-01-02T03:60:05Z",
                                 "2026-01-02T03:04:61Z",
                                 "-026-01-02T03:04:05Z",
                                 "2026-+1-02T03:04:05Z",
                                 "2026- 1-02T03:04:05Z",
                                 " 2026-01-02T03:04:05Z",
                                 "2026/01/02T03:04:05Z",
                                 "20260102T030405Z"}) {
    EXPECT_EQ(parse_rfc3339(text), WallTime{}) << text;
  }
}

TEST(Rfc3339, TimesOutOfRangeAreTheNearest) {
  for (const std::string text :
       {"2262-04-11T23:47:17Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    EXPECT_EQ(parse_rfc3339(text), WallTime::max()) << text;
  }
  for (const std::string text :
       {"0001-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "1969-12-31T23:59:59Z"}) {
    EXPECT_EQ(parse_rfc3339(text), WallTime{}) << text;
  }
}

TEST(Rfc3339, WritesWhatItReads) {
  EXPECT_EQ(format_rfc3339(at(1'767'323'045) + std::chrono::milliseconds(999)),
            "2026-01-02T03:04:05Z");
  EXPECT_EQ(parse_rfc3339(format_rfc3339(WallTime::max())), at(9'223'372'036));
}

}  // namespace
}  // namespace infra
