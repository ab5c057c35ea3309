#include "base/keyed_hash.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

// RFC 4231, test case 2.
TEST(KeyedHash, IsHmacSha256) {
  EXPECT_EQ(keyed_hash("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(KeyedHash, DiffersByKeyAndByText) {
  EXPECT_NE(keyed_hash("a", "text"), keyed_hash("b", "text"));
  EXPECT_NE(keyed_hash("a", "text"), keyed_hash("a", "other"));
}

TEST(KeyedHash, RandomKeysDiffer) { EXPECT_NE(random_key(), random_key()); }

}  // namespace
}  // namespace infra
