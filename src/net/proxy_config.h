#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace infra::net {

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  // for the header Proxy-Authorization; empty: none
};

// Proxies as the usual environment variables name them; empty values mean none.
struct ProxyConfig {
  std::string https_proxy;  // [http://][user:password@]host[:port]; the password is a secret
  std::string http_proxy;
  // Hosts, domains, addresses and CIDR blocks between commas or spaces, each but a block perhaps
  // with :port; a domain means all below it too, with or without a dot in front; "*": everything.
  std::string no_proxy;

  static ProxyConfig from_environment();
  // Nothing: connect directly. kInvalid, without the URL in its text, if that cannot be read.
  Result<std::optional<Proxy>> proxy_for(const std::string& scheme, const std::string& host,
                                         std::uint16_t port) const;
};

}  // namespace infra::net
