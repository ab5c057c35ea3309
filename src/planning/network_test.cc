#include "planning/network.h"

#include <gtest/gtest.h>

namespace infra::planning {
namespace {

TEST(Network, IsSpelledAsAwsDoes) {
  EXPECT_EQ(network("10.0.0.5/8"), "10.0.0.0/8");
  EXPECT_EQ(network("2001:DB8:0::1/32"), "2001:db8::/32");
  EXPECT_EQ(network("no range"), "no range");
}

struct Pair {
  const char *one, *other;
  bool holds, overlaps;
};

TEST(Range, HoldsAndOverlaps) {
  for (const Pair& pair :
       {Pair{"10.0.0.0/16", "10.0.1.0/24", true, true},
        Pair{"10.0.1.0/24", "10.0.0.0/16", false, true},
        Pair{"10.0.0.0/16", "10.1.0.0/24", false, false},
        Pair{"10.0.0.0/20", "10.0.15.0/24", true, true},
        Pair{"10.0.0.0/20", "10.0.16.0/24", false, false},
        Pair{"10.0.0.1/32", "10.0.0.1/32", true, true},
        Pair{"10.0.0.0/31", "10.0.0.2/31", false, false},
        Pair{"10.0.0.9/24", "10.0.0.0/24", true, true}, Pair{"0.0.0.0/0", "10.0.0.0/8", true, true},
        Pair{"0.0.0.0/0", "::/0", false, false},
        Pair{"2001:db8::/56", "2001:db8:0:ff::/64", true, true},
        Pair{"2001:db8::1/128", "2001:db8::1/128", true, true},
        Pair{"2001:db8::/56", "2001:db8:0:100::/64", false, false}}) {
    const auto one = Range::parse(pair.one);
    const auto other = Range::parse(pair.other);
    ASSERT_TRUE(one && other) << pair.one << " " << pair.other;
    EXPECT_EQ(one->holds(*other), pair.holds) << pair.one << " " << pair.other;
    EXPECT_EQ(one->overlaps(*other), pair.overlaps) << pair.one << " " << pair.other;
    EXPECT_EQ(other->overlaps(*one), pair.overlaps) << pair.one << " " << pair.other;
  }
}

TEST(Range, IsEverything) {
  EXPECT_TRUE(Range::parse("0.0.0.0/0")->is_everything());
  EXPECT_TRUE(Range::parse("::/0")->is_everything());
  EXPECT_FALSE(Range::parse("10.0.0.0/8")->is_everything());
}

TEST(Range, WhatIsNone) {
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "x/8", "::/129"}) {
    EXPECT_FALSE(Range::parse(text)) << text;
  }
}

}  // namespace
}  // namespace infra::planning
