#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"

namespace infra::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of that name, regardless of case; empty when absent.
std::string_view header(const Headers& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string scheme = "https";
  std::string host;          // a name or an IP address (IPv6 without brackets)
  std::uint16_t port = 0;    // 0: the scheme's own
  std::string target = "/";  // path and query, already percent-encoded
  Headers headers;           // Host and Content-Length are added when missing
  std::string body;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

// How one peer is spoken to. Two requests share a connection only if these are equal.
struct TlsOptions {
  std::string ca_pem;           // PEM of trusted authorities; empty: the system's
  std::string certificate_pem;  // client certificate chain and its key, both PEM; empty: none
  std::string key_pem;
  std::string server_name;  // name to verify instead of the host
  bool insecure = false;    // accept any certificate
  bool operator==(const TlsOptions&) const = default;
};

struct HttpOptions {
  Duration timeout{30'000};            // whole request; for stream(): until the headers
  Duration idle_timeout{0};            // stream(): longest silence between chunks; 0: no limit
  std::size_t body_limit = 64u << 20;  // bytes; more is kUnavailable
  bool idempotent = false;             // may be sent again on a stale pooled connection
  bool link_local = true;              // false: refuses addresses where metadata services are
  TlsOptions tls;
};

// The seam between us and the network. Errors: kUnavailable (not reachable, TLS refused, broken or
// oversized answer), kDenied (an address that the options refuse), kDeadline, kCancelled. Any HTTP
// status is a success here; redirects are never followed.
class HttpTransport {
 public:
  using ChunkSink = std::function<Result<void>(std::string_view chunk)>;

  virtual ~HttpTransport() = default;
  virtual Task<Result<HttpResponse>> send(HttpRequest request, HttpOptions options) = 0;
  // Hands each piece of a 2xx body to `sink` as it arrives and returns when the body ends; the
  // returned response then has no body. Other statuses come back whole, as from send(). An error
  // from `sink` ends the stream and is returned.
  virtual Task<Result<HttpResponse>> stream(HttpRequest request, HttpOptions options,
                                            ChunkSink sink) = 0;
};

struct Url {
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;
  std::string path;  // with query; "/" when empty
};

// http and https only. kInvalid with a sentence for anything else, and for user names in the URL.
Result<Url> parse_url(std::string_view text);

std::string percent_encode(std::string_view text, std::string_view also_safe = "");
std::string percent_decode(std::string_view text);

}  // namespace infra::net
