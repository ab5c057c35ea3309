#include "operator/reach.h"

#include <utility>

namespace infra {

struct Reach::Trace {
  Trace(telemetry::Tracer& made_by, telemetry::Span root, net::HttpTransport& behind, Clock& clock,
        const kube::Config& config, const KubeStore& like)
      : tracer(made_by),
        span(std::move(root)),
        transport(behind, tracer, span),
        kube(transport, clock, config),
        store(like.through(kube)) {}

  // The attempt has ended: its span begins in the past.
  void note(const aws::CallRecord& call) {
    auto part = tracer.begin_call(span, call.service_id + "/" + call.operation);
    part.start -= call.duration;
    part.attributes = {{"rpc.system", "aws-api"},
                       {"rpc.service", call.service_id},
                       {"rpc.method", call.operation}};
    if (!call.request_id.empty()) part.attributes.push_back({"aws.request_id", call.request_id});
    if (call.http_status != 0) {
      part.attributes.push_back({"http.response.status_code", call.http_status});
    }
    if (call.attempt > 1) {
      part.attributes.push_back({"http.request.resend_count", call.attempt - 1});
    }
    if (call.error) {
      part.error = call.error_code;
      part.attributes.push_back({"error.type", *part.error});
    }
    tracer.end(std::move(part));
  }

  telemetry::Tracer& tracer;
  telemetry::Span span;
  TracedTransport transport;
  kube::Client kube;
  KubeStore store;
};

Reach::Reach(kube::Client& kube, KubeStore& store) : kube_(&kube), store_(&store) {}

Reach::Reach(telemetry::Tracer& tracer, telemetry::Span span, net::HttpTransport& transport,
             Clock& clock, const kube::Config& config, const KubeStore& store)
    : trace_(std::make_unique<Trace>(tracer, std::move(span), transport, clock, config, store)),
      kube_(&trace_->kube),
      store_(&trace_->store) {}

Reach::Reach(Reach&&) noexcept = default;
Reach::~Reach() = default;

std::shared_ptr<AwsCloud> Reach::watched(std::shared_ptr<AwsCloud> cloud) {
  if (trace_ == nullptr) return cloud;
  return cloud->observed_by(
      [trace = trace_.get()](const aws::CallRecord& call) { trace->note(call); });
}

std::string Reach::trace_id() const { return trace_ == nullptr ? "" : trace_->span.trace_id; }

void Reach::end(std::string_view outcome, std::string_view reason,
                std::optional<std::string> error) {
  if (trace_ == nullptr) return;
  telemetry::Span span = trace_->span;
  span.attributes.push_back({"infra.outcome", outcome});
  if (!reason.empty()) span.attributes.push_back({"infra.reason", reason});
  span.error = std::move(error);
  trace_->tracer.end(std::move(span));
}

}  // namespace infra
