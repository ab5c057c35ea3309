#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace infra::sim {

// What a request is about, read from its method, path and query.
struct KubeRequest {
  std::string method;
  bool known_path = false;  // a path of the form /api/V/... or /apis/G/V/...
  std::string group, version, plural, ns, name, subresource;
  std::map<std::string, std::string> query;
  std::string content_type;  // without parameters
  std::string user_agent;

  const std::string& option(const std::string& word) const;  // empty if absent
  bool flag(const std::string& word) const;
  // With a name it is a get, whatever the query says.
  bool is_watch() const { return method == "GET" && name.empty() && flag("watch"); }
  std::string verb() const;  // get, list, watch, create, update, patch, delete, deletecollection
};

KubeRequest read_request(const net::HttpRequest& http);

// A decimal number without sign.
std::optional<std::uint64_t> whole_number(std::string_view text);

// "namespace/name", or "name" without a namespace.
std::string key_of(std::string_view ns, std::string_view name);

}  // namespace infra::sim
