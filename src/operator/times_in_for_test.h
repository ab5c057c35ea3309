#pragma once

#include <string>

namespace infra {

// How often a text, such as a log, has these words.
inline std::size_t times_in(const std::string& text, const std::string& words) {
  std::size_t out = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++out;
  return out;
}

}  // namespace infra
