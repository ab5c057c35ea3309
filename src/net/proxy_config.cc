#include "net/proxy_config.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/beast/core/string.hpp>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace infra::net {

namespace {

std::string variable(const char* lower, const char* upper) {
  if (const char* value = std::getenv(lower)) return value;
  if (const char* value = std::getenv(upper)) return value;
  return {};
}

bool in_block(const std::string& host, const std::string& block) {
  boost::system::error_code bad_host;
  boost::system::error_code bad_block;
  auto address = boost::asio::ip::make_address_v4(host, bad_host);
  auto network = boost::asio::ip::make_network_v4(block, bad_block);
  if (bad_host || bad_block) return false;
  return (address.to_uint() & network.netmask().to_uint()) == network.network().to_uint();
}

bool excluded(const std::string& host, std::string entry) {
  std::erase(entry, ' ');
  if (entry.empty()) return false;
  if (entry == "*") return true;
  if (entry.find('/') != std::string::npos) return in_block(host, entry);
  if (entry.starts_with("*.")) entry.erase(0, 1);
  std::string_view name = entry;
  if (name.starts_with('.')) name.remove_prefix(1);
  if (boost::beast::iequals(host, name)) return true;
  if (host.size() <= name.size()) return false;
  std::string_view tail = std::string_view(host).substr(host.size() - name.size());
  return host[host.size() - name.size() - 1] == '.' && boost::beast::iequals(tail, name);
}

}  // namespace

ProxyConfig ProxyConfig::from_environment() {
  return {variable("https_proxy", "HTTPS_PROXY"), variable("http_proxy", "HTTP_PROXY"),
          variable("no_proxy", "NO_PROXY")};
}

std::string ProxyConfig::proxy_for(const std::string& scheme, const std::string& host) const {
  const std::string& proxy = scheme == "https" ? https_proxy : http_proxy;
  if (proxy.empty()) return {};
  std::istringstream entries(no_proxy);
  for (std::string entry; std::getline(entries, entry, ',');) {
    if (excluded(host, entry)) return {};
  }
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

}  // namespace infra::net
