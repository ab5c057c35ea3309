#include "aws/address_range.h"

#include <charconv>

namespace infra::sim {

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  AddressRange range;
  for (int i = 0; i < 4; ++i) {
    unsigned part = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), part);
    if (read.ec != std::errc() || part > 255) return std::nullopt;
    range.address = range.address << 8 | part;
    text.remove_prefix(std::size_t(read.ptr - text.data()));
    if (text.empty() || text[0] != (i < 3 ? '.' : '/')) return std::nullopt;
    text.remove_prefix(1);
  }
  const auto read = std::from_chars(text.data(), text.data() + text.size(), range.length);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return range.length >= 0 && range.length <= 32 ? std::optional(range) : std::nullopt;
}

std::string AddressRange::text() const {
  return address_text(first()) + "/" + std::to_string(length);
}

std::string address_text(std::uint32_t address) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string(address >> shift & 255) + (shift > 0 ? "." : "");
  }
  return out;
}

}  // namespace infra::sim
