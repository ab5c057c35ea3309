#pragma once

#include "net/http.h"
#include "world/network.h"

namespace infra::sim {

// The HTTP seam of one process.
class ProcessTransport final : public net::HttpTransport {
 public:
  ProcessTransport(int process, Network& network, const ProcessClock& clock)
      : process_(process), network_(network), clock_(clock) {}

  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpOptions options) override;
  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink sink) override;

 private:
  int process_;
  Network& network_;
  const ProcessClock& clock_;
};

}  // namespace infra::sim
