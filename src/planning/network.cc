#include "planning/network.h"

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace infra::planning {

std::string network(const std::string& text) {
  boost::system::error_code error;
  const auto v4 = boost::asio::ip::make_network_v4(text, error);
  if (!error) return v4.canonical().to_string();
  const auto v6 = boost::asio::ip::make_network_v6(text, error);
  return error ? text : v6.canonical().to_string();
}

std::optional<Range> Range::parse(const std::string& text) {
  Range out;
  boost::system::error_code error;
  const auto v4 = boost::asio::ip::make_network_v4(text, error);
  if (!error) {
    std::ranges::copy(v4.address().to_bytes(), out.address_.begin());
    out.length_ = v4.prefix_length();
    return out;
  }
  const auto v6 = boost::asio::ip::make_network_v6(text, error);
  if (error) return std::nullopt;
  out.v6_ = true;
  std::ranges::copy(v6.address().to_bytes(), out.address_.begin());
  out.length_ = v6.prefix_length();
  return out;
}

bool Range::holds(const Range& other) const {
  if (v6_ != other.v6_ || length_ > other.length_) return false;
  const auto whole = address_.begin() + length_ / 8;
  if (!std::equal(address_.begin(), whole, other.address_.begin())) return false;
  const unsigned rest = length_ % 8;
  if (rest == 0) return true;
  const unsigned differ = *whole ^ other.address_[length_ / 8];
  return differ >> (8 - rest) == 0;
}

}  // namespace infra::planning
