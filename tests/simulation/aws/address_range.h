#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::sim {

// A range of IPv4 addresses, such as 10.0.0.0/16; bits behind the prefix may be set.
struct AddressRange {
  std::uint32_t address = 0;
  int length = 0;

  static std::optional<AddressRange> parse(std::string_view text);

  std::uint32_t first() const { return address & mask(); }
  bool contains(const AddressRange& other) const {
    return length <= other.length && first() == (other.address & mask());
  }
  bool overlaps(const AddressRange& other) const {
    return contains(other) || other.contains(*this);
  }
  // As AWS shows it, which drops the bits behind the prefix instead of refusing them.
  std::string text() const;

 private:
  std::uint32_t mask() const { return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length); }
};

// "10.0.0.1"
std::string address_text(std::uint32_t address);

}  // namespace infra::sim
