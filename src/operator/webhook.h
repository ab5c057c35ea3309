#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "admission/judge.h"
#include "net/http.h"
#include "net/server_certificate.h"
#include "operator/watched_kind.h"
#include "telemetry/health.h"
#include "telemetry/log.h"
#include "telemetry/operator_metrics.h"

namespace infra {

// What the webhook is built from. All of it outlives the webhook.
struct WebhookParts {
  Clock& clock;
  kube::Client& kube;
  const std::vector<definition::Definition>& definitions;
  const definition::Definition& provider_definition;
  telemetry::Metrics& metrics;
  telemetry::Health& health;
  const telemetry::Logger& log;
  std::function<double()> random;  // in [0, 1)
};

struct WebhookSettings {
  std::vector<std::string> namespaces;  // none: all
  admission::Strictness strictness;
  std::unique_ptr<net::CertificateSource> certificates;
};

// Answers the API server's admission reviews, in every process and whoever leads: it has caches of
// its own. Ready (`webhook` in /readyz) as soon as it has a certificate to serve with.
class Webhook {
 public:
  Webhook(WebhookParts parts, WebhookSettings settings);

  // Begins to list and watch, and to look for the certificate. What it starts ends with the
  // executor's context, which the webhook outlives.
  void start(const boost::asio::any_io_executor& executor);

  Task<net::HttpResponse> answer(net::HttpRequest request);
  // To show at a handshake; null while there is none.
  std::shared_ptr<boost::asio::ssl::context> certificate() const { return certificate_.context(); }

  // From here on what a review finds of others counts.
  bool knows_all() const { return knows_all_; }

 private:
  void follow(WatchedKind& kind);
  void note_synced();
  Task<void> watch_certificate();
  void take(const Result<net::PemPair>& found);
  Result<bool> show(const Result<net::PemPair>& found);
  net::HttpResponse review(const std::string& body);

  WebhookParts parts_;
  admission::Judge judge_;
  std::list<WatchedKind> kinds_;
  std::unique_ptr<net::CertificateSource> certificates_;
  net::ServerCertificate certificate_;
  std::string problem_;  // of the certificate, as last told
  bool knows_all_ = false;
};

}  // namespace infra
