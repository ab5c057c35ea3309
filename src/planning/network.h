#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace infra::planning {

// An address range as AWS spells it: "10.0.0.5/8" is "10.0.0.0/8", and IPv6 in its short form. What
// is no range stays as it is.
std::string network(const std::string& text);

// An address range to compare with others.
class Range {
 public:
  // Nothing if the text is no range.
  static std::optional<Range> parse(const std::string& text);

  bool holds(const Range& other) const;
  bool overlaps(const Range& other) const { return holds(other) || other.holds(*this); }
  bool is_everything() const { return length_ == 0; }

 private:
  bool v6_ = false;
  unsigned length_ = 0;                     // of the prefix, in bits
  std::array<std::uint8_t, 16> address_{};  // of IPv4 the first four bytes
};

}  // namespace infra::planning
