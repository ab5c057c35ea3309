#pragma once

#include <string>

namespace infra::net {

// Proxies as the usual environment variables name them. Values are URLs (http only) or empty.
struct ProxyConfig {
  std::string https_proxy;
  std::string http_proxy;
  std::string no_proxy;  // comma-separated hosts, domain suffixes and CIDR blocks; "*": never

  static ProxyConfig from_environment();
  // The proxy's URL for this peer; empty: connect directly.
  std::string proxy_for(const std::string& scheme, const std::string& host) const;
};

}  // namespace infra::net
