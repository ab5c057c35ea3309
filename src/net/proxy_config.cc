#include "net/proxy_config.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/beast/core/string.hpp>
#include <cstdlib>
#include <string_view>

#include "base/base64.h"
#include "net/http.h"

namespace infra::net {

namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

constexpr std::string_view kSeparators = ", \t\r\n";

std::string variable(const char* lower, const char* upper) {
  if (const char* value = std::getenv(lower)) return value;
  if (const char* value = std::getenv(upper)) return value;
  return {};
}

std::optional<ip::address> address_of(std::string_view text) {
  error_code ec;
  auto address = ip::make_address(text, ec);
  return ec ? std::nullopt : std::optional(address);
}

bool in_block(const ip::address& address, std::string_view block) {
  error_code ec;
  if (address.is_v4()) {
    auto network = ip::make_network_v4(block, ec);
    return !ec && ip::network_v4(address.to_v4(), network.prefix_length()).canonical() ==
                      network.canonical();
  }
  auto network = ip::make_network_v6(block, ec);
  return !ec && ip::network_v6(address.to_v6(), network.prefix_length()).canonical() ==
                    network.canonical();
}

bool in_domain(std::string_view host, std::string_view domain) {
  if (domain.starts_with("*.")) domain.remove_prefix(1);
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty() || host.size() < domain.size()) return false;
  const auto tail = host.substr(host.size() - domain.size());
  if (!boost::beast::iequals(tail, domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

struct Entry {
  std::string_view host;
  std::string_view port;  // empty: any
};

// "host", "host:port", "fd00::1", "[fd00::1]" or "[fd00::1]:port".
Entry split_port(std::string_view text) {
  auto end = text.find(':');
  std::string_view host = text.substr(0, end);
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return {text, {}};
    host = text.substr(1, end - 1);
    ++end;
  } else if (std::ranges::count(text, ':') != 1) {
    return {text, {}};
  }
  const auto rest = text.substr(end);
  return {host, rest.starts_with(':') ? rest.substr(1) : std::string_view()};
}

bool excluded(std::string_view host, const std::string& port, std::string_view text) {
  if (text == "*") return true;
  const auto address = address_of(host);
  if (text.find('/') != std::string_view::npos) return address && in_block(*address, text);
  const Entry entry = split_port(text);
  if (!entry.port.empty() && entry.port != port) return false;
  if (address) return address_of(entry.host) == address;
  return in_domain(host, entry.host);
}

// Takes "user:password@" out of the URL; the value of the header that stands for it.
std::string take_credentials(std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  const auto at = url.rfind('@', end);
  if (at == std::string::npos || at < begin) return {};
  const std::string given = url.substr(begin, at - begin);
  url.erase(begin, at + 1 - begin);
  const auto colon = std::min(given.find(':'), given.size());
  const std::string password = colon < given.size() ? given.substr(colon + 1) : "";
  return "Basic " +
         base64_encode(percent_decode(given.substr(0, colon)) + ":" + percent_decode(password));
}

Result<std::optional<Proxy>> parse_proxy(std::string url) {
  if (url.find("://") == std::string::npos) url.insert(0, "http://");
  Proxy proxy;
  proxy.authorization = take_credentials(url);
  auto parsed = parse_url(url);
  if (!parsed) return std::unexpected(parsed.error().in("the proxy's URL"));
  if (parsed->scheme != "http") return fail(Code::kInvalid, "the proxy's URL must be http://");
  proxy.host = parsed->host;
  proxy.port = parsed->port;
  return proxy;
}

}  // namespace

ProxyConfig ProxyConfig::from_environment() {
  return {variable("https_proxy", "HTTPS_PROXY"), variable("http_proxy", "HTTP_PROXY"),
          variable("no_proxy", "NO_PROXY")};
}

Result<std::optional<Proxy>> ProxyConfig::proxy_for(const std::string& scheme,
                                                    const std::string& host,
                                                    std::uint16_t port) const {
  const std::string& url = scheme == "https" ? https_proxy : http_proxy;
  if (url.empty()) return std::nullopt;
  const std::string_view name = split_port(host).host;  // without brackets
  std::string_view left = no_proxy;
  while (!left.empty()) {
    const auto end = std::min(left.find_first_of(kSeparators), left.size());
    const auto entry = left.substr(0, end);
    if (!entry.empty() && excluded(name, std::to_string(port), entry)) return std::nullopt;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return parse_proxy(url);
}

}  // namespace infra::net
