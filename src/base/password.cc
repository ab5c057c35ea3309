#include "base/password.h"

#include <string_view>

#include "base/keyed_hash.h"

namespace infra {

std::string random_password() {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t kLength = 30;
  // Bytes beyond the last whole round of the letters would make the first ones likelier.
  constexpr unsigned kFair = 256 / kLetters.size() * kLetters.size();
  std::string out;
  while (out.size() < kLength) {
    for (const char byte : random_key()) {
      const unsigned number = static_cast<unsigned char>(byte);
      if (number < kFair && out.size() < kLength) out += kLetters[number % kLetters.size()];
    }
  }
  return out;
}

}  // namespace infra
