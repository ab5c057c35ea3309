#include "base/password.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace infra {
namespace {

TEST(RandomPassword, IsThirtyLettersAndDigitsAndNeverTheSame) {
  const std::string one = random_password();
  EXPECT_EQ(one.size(), 30u);
  EXPECT_TRUE(std::ranges::all_of(one, [](unsigned char c) { return std::isalnum(c) != 0; }))
      << one;
  EXPECT_NE(one, random_password());
}

}  // namespace
}  // namespace infra
