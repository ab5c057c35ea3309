#include "base/text.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

TEST(Shortened, LeavesWhatFits) {
  EXPECT_EQ(shortened("", 3), "");
  EXPECT_EQ(shortened("abcd", 4), "abcd");
}

TEST(Shortened, EndsInDots) { EXPECT_EQ(shortened("abcdef", 5), "ab..."); }

TEST(Shortened, CutsNoCharacterInTwo) {
  EXPECT_EQ(shortened("a\u00e4\u00e4", 5), "a\u00e4\u00e4");
  EXPECT_EQ(shortened("a\u00e4\u00e4\u00e4", 6), "a\u00e4...");
  EXPECT_EQ(shortened("\U0001F600\U0001F600", 5), "...");
}

}  // namespace
}  // namespace infra
