#pragma once

#include <memory>
#include <string>

#include "operator/aws_cloud.h"
#include "operator/kube_store.h"
#include "operator/traced_transport.h"

namespace infra {

// How one reconcile gets to Kubernetes and AWS. If it is traced, what it asks there becomes a part
// of its span. Lives as long as the reconcile.
class Reach {
 public:
  // Not traced. What is passed by reference outlives it.
  Reach(kube::Client& kube, KubeStore& store);
  // Traced as `span`: with a client and a store of its own, made after these.
  Reach(telemetry::Tracer& tracer, telemetry::Span span, net::HttpTransport& transport,
        Clock& clock, const kube::Config& config, const KubeStore& store);
  Reach(Reach&&) noexcept;
  ~Reach();

  kube::Client& kube() { return *kube_; }
  KubeStore& store() { return *store_; }
  // AWS, for this reconcile alone.
  std::shared_ptr<AwsCloud> watched(std::shared_ptr<AwsCloud> cloud);

  // Empty: not traced.
  std::string trace_id() const;
  // Hands in the span, with what the reconcile came to; `error` if it failed. One that does not
  // call this has done nothing worth a trace.
  void end(std::string_view outcome, std::string_view reason, std::optional<std::string> error);

 private:
  struct Trace;

  std::unique_ptr<Trace> trace_;  // null: not traced
  kube::Client* kube_;
  KubeStore* store_;
};

}  // namespace infra
