#include "planning/network.h"

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

}  // namespace infra::planning
