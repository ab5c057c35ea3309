#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace infra::sim::cel {

// What a rule has that this evaluator does not know.
class Unknown : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The words of an expression, the last of which is kEnd. Throws Unknown.
struct Word {
  enum class Kind { kName, kNumber, kText, kSign, kEnd };
  Kind kind = Kind::kEnd;
  std::string text{};  // of a text: what it means, without quotes and escapes
  std::int64_t number = 0;
};
std::vector<Word> words_of(std::string_view expression);

}  // namespace infra::sim::cel
