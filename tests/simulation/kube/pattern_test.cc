#include "kube/pattern.h"

#include <gtest/gtest.h>

#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::sim {
namespace {

TEST(Pattern, AgreesWithTheStandardLibrary) {
  const std::vector<std::string> expressions{
      "abc",
      "^abc$",
      "^a|b$",
      "a*b+c?",
      "^(a|bc)*$",
      "^[a-c0-9_-]+$",
      "[^a-c]",
      "^a{2,3}$",
      "^a{2}$",
      "^a{2,}b",
      R"(^\w+\.\d\s$)",
      "^$",
      "",
      "^$|^b",
      R"(^[\w+=,.@-]+$)",
      R"(^([0-9]{1,3}\.){3}[0-9]{1,3}/(1[6-9]|2[0-8])$)",
      R"(^[a-z0-9]((\.?[a-z0-9-])*\.?[a-z0-9])?$)",
      "(?:ab)+$",
  };
  const std::vector<std::string> texts{
      "",      "a",     "b",           "c",       "abc",         "xabcx", "aab",  "aaa",
      "aaaab", "bcbca", "a.5 ",        "a.5x",    "a_b-0",       "a..b",  "a.b",  "-a",
      "a-",    "ab",    "10.0.0.0/16", "1.2.3/4", "10.0.0.0/29", "a+=@",  "abab", "\n"};
  for (const auto& expression : expressions) {
    const Pattern ours(expression);
    const std::regex theirs(expression);
    for (const auto& text : texts) {
      EXPECT_EQ(ours.found_in(text), std::regex_search(text, theirs))
          << "'" << expression << "' in '" << text << "'";
    }
  }
}

TEST(Pattern, LongTextsTakeNoLonger) {
  const Pattern pattern("^(a|aa)+$");
  EXPECT_TRUE(pattern.found_in(std::string(1'000'000, 'a')));
  EXPECT_FALSE(pattern.found_in(std::string(1'000'000, 'a') + "b"));
}

TEST(Pattern, RefusesWhatItDoesNotKnow) {
  for (const char* expression :
       {"(a", "a)", "[a", "*a", "a{", "(?=a)", R"(\b)", R"((a)\1)", "[[:alpha:]]", "a{2000}"}) {
    EXPECT_THROW(Pattern{expression}, std::runtime_error) << expression;
  }
}

}  // namespace
}  // namespace infra::sim
