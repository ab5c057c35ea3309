#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/wakeup.h"
#include "net/http.h"
#include "telemetry/log.h"
#include "telemetry/trace.h"

namespace infra {

// Sends the spans that have ended to a collector, as OTLP over HTTP in its JSON encoding. Nobody
// waits for it: what cannot be sent stays in the tracer, which drops the oldest.
class TraceExporter {
 public:
  struct Settings {
    net::Url endpoint;           // with the path of the traces
    net::Headers headers;        // may hold a token: never shown
    telemetry::Fields resource;  // whose spans these are
  };

  // Everything that is passed by reference outlives it. `random` gives numbers in [0, 1).
  TraceExporter(net::HttpTransport& transport, Clock& clock, std::function<double()> random,
                telemetry::Tracer& tracer, Settings settings, const telemetry::Logger& log);

  // Until cancelled.
  Task<void> run();
  // Waits until run() has sent what there is, but no longer than `limit`, nor for a collector that
  // takes nothing.
  Task<void> drain(Duration limit);

 private:
  // How a request ended: `refused` spans are lost, unless all are sent `again`.
  struct Answer {
    std::optional<Error> error;
    std::size_t refused = 0;
    bool again = false;
  };
  static Answer read(const Result<net::HttpResponse>& response, std::size_t spans);

  Task<Duration> send_all();
  Task<Answer> post(std::vector<telemetry::Span> batch);
  Duration pause_after(const Error& error);
  void note(const std::optional<Error>& error);

  net::HttpTransport& transport_;
  Clock& clock_;
  std::function<double()> random_;
  telemetry::Tracer& tracer_;
  Settings settings_;
  const telemetry::Logger& log_;
  Wakeup wakeup_;
  bool sending_ = false;
  int failures_ = 0;  // in a row
};

// What the operator needs to make traces.
struct TraceSettings {
  telemetry::Tracer::Settings tracer;
  TraceExporter::Settings exporter;
};

// The endpoint that a collector's URL stands for: /v1/traces below it, unless it is that already.
// kInvalid with a sentence.
Result<net::Url> traces_endpoint(const std::string& url);

// "key=value,key=value" with percent-encoded values, as OTEL_EXPORTER_OTLP_HEADERS has it. kInvalid
// with a sentence that shows nothing of it.
Result<net::Headers> parse_otlp_headers(const std::string& text);

}  // namespace infra
