#include "kube/request.h"

#include <charconv>
#include <vector>

namespace infra::sim {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    const auto end = path.find('/');
    const auto part = path.substr(0, end);
    if (!part.empty()) out.push_back(net::percent_decode(part));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return out;
}

std::string decoded(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+') c = ' ';
  }
  return net::percent_decode(plain);
}

void read_query(std::string_view text, KubeRequest& out) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    out.query.emplace(decoded(pair.substr(0, equals)), decoded(value));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

// What follows group and version: a namespace with things in it, or things of the cluster.
void read_resource(const std::vector<std::string>& parts, std::size_t at, KubeRequest& out) {
  const std::size_t left = parts.size() - at;
  const bool inside = left >= 3 && parts[at] == "namespaces" && parts[at + 2] != "status" &&
                      parts[at + 2] != "finalize";
  if (inside) {
    out.ns = parts[at + 1];
    at += 2;
  }
  if (at < parts.size()) out.plural = parts[at];
  if (at + 1 < parts.size()) out.name = parts[at + 1];
  if (at + 2 < parts.size()) out.subresource = parts[at + 2];
  out.known_path = !out.plural.empty() && at + 3 >= parts.size();
}

void read_path(std::string_view path, KubeRequest& out) {
  const auto parts = parts_of(path);
  const bool core = parts.size() > 2 && parts[0] == "api";
  const bool grouped = parts.size() > 3 && parts[0] == "apis";
  if (grouped) out.group = parts[1];
  if (core || grouped) out.version = parts[grouped ? 2 : 1];
  if (core || grouped) read_resource(parts, grouped ? 3 : 2, out);
}

}  // namespace

const std::string& KubeRequest::option(const std::string& word) const {
  static const std::string none;
  const auto found = query.find(word);
  return found == query.end() ? none : found->second;
}

bool KubeRequest::flag(const std::string& word) const {
  const auto& value = option(word);
  return value == "true" || value == "1";
}

std::string KubeRequest::verb() const {
  if (is_watch()) return "watch";
  if (method == "GET") return name.empty() ? "list" : "get";
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return name.empty() ? "deletecollection" : "delete";
  return method;
}

KubeRequest read_request(const net::HttpRequest& http) {
  KubeRequest out;
  out.method = http.method;
  const std::string_view target = http.target;
  const auto mark = target.find('?');
  read_path(target.substr(0, mark), out);
  if (mark != std::string_view::npos) read_query(target.substr(mark + 1), out);
  const auto type = net::header(http.headers, "Content-Type");
  out.content_type = std::string(type.substr(0, type.find(';')));
  out.user_agent = std::string(net::header(http.headers, "User-Agent"));
  return out;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string key_of(std::string_view ns, std::string_view name) {
  if (ns.empty()) return std::string(name);
  return std::string(ns) + "/" + std::string(name);
}

}  // namespace infra::sim
