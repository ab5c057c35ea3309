#pragma once

#include <memory>

#include "net/http.h"
#include "net/proxy_config.h"

namespace infra::net {

// HTTP/1.1 over TCP and TLS with a pool of kept-alive connections. Must be destroyed before the
// io_context its calls ran on.
class BeastTransport final : public HttpTransport {
 public:
  explicit BeastTransport(Clock& clock, ProxyConfig proxy = {});
  ~BeastTransport() override;

  Task<Result<HttpResponse>> send(HttpRequest request, HttpOptions options) override;
  Task<Result<HttpResponse>> stream(HttpRequest request, HttpOptions options,
                                    ChunkSink sink) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace infra::net
