#pragma once

#include "net/http.h"
#include "telemetry/trace.h"

namespace infra {

// Makes a span of every request to the API server, as a part of `parent`, and tells the server of
// it. Neither bodies nor queries get into a span.
class TracedTransport final : public net::HttpTransport {
 public:
  // All of them outlive it.
  TracedTransport(net::HttpTransport& behind, telemetry::Tracer& tracer,
                  const telemetry::Span& parent)
      : behind_(behind), tracer_(tracer), parent_(parent) {}

  Task<Result<net::HttpResponse>> send(net::HttpRequest request, net::HttpOptions options) override;
  // No reconcile watches: passed on as it is.
  Task<Result<net::HttpResponse>> stream(net::HttpRequest request, net::HttpOptions options,
                                         ChunkSink sink) override;

 private:
  telemetry::Span begin(const net::HttpRequest& request);

  net::HttpTransport& behind_;
  telemetry::Tracer& tracer_;
  const telemetry::Span& parent_;
};

}  // namespace infra
