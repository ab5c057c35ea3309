#include "base/base64.h"

#include <gtest/gtest.h>

namespace infra {
namespace {

TEST(Base64, BothWays) {
  struct Row {
    std::string_view plain, coded;
  };
  using namespace std::string_view_literals;
  for (const auto& [plain, coded] :
       {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"},
        Row{"foob", "Zm9vYg=="}, Row{"\xff\xfe\x00"sv, "//4A"}}) {
    EXPECT_EQ(base64_encode(plain), coded);
    EXPECT_EQ(base64_decode(coded), plain);
  }
}

TEST(Base64, RefusesOtherText) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zm9v\n", "Zm9-", "Z===", "====", "Z=g="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace infra
