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

TEST(SplitList, LeavesOutWhiteSpaceAndNothing) {
  EXPECT_EQ(split_list(" a, b c ,\n,d,"), (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_TRUE(split_list(" ").empty());
}

TEST(Fits, KnowsStarsAndQuestionMarks) {
  for (const char* pattern : {"*", "role/*", "r*/te?m", "role/team"})
    EXPECT_TRUE(fits(pattern, "role/team")) << pattern;
  for (const char* pattern : {"", "role", "role/?", "*x", "role\\/team"})
    EXPECT_FALSE(fits(pattern, "role/team")) << pattern;
}

TEST(Listed, NamesTheFirstAndCountsTheRest) {
  EXPECT_EQ(listed({}, 2), "");
  EXPECT_EQ(listed({"a", "b"}, 2), "a, b");
  EXPECT_EQ(listed({"a", "b", "c", "d"}, 2), "a, b and 2 more");
}

TEST(IsUtf8, TellsTextFromBytes) {
  for (const std::string text : {"", "a\"\\\n\x01", "a\u00e4\U0001F600"})
    EXPECT_TRUE(is_utf8(text));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
  for (const std::string bytes : {"\xff", "a\xc3", "\xed\xa0\x80"}) EXPECT_FALSE(is_utf8(bytes));
}

}  // namespace
}  // namespace infra
