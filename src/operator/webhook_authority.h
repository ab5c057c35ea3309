#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/client.h"
#include "net/server_certificate.h"
#include "telemetry/log.h"

namespace infra {

struct WebhookAuthoritySettings {
  std::string ns;                  // of the Secret
  std::string secret;              // its name; it exists, and is ours alone
  std::string configuration;       // name of the ValidatingWebhookConfiguration
  std::vector<std::string> hosts;  // that the API server calls us by: DNS names, IP addresses
};

// Makes the webhook's certificate and the authority that signs it, keeps both in a Secret, renews
// them, and puts the authority into `caBundle` of the configuration. Every process runs one,
// whoever leads: each write says which version it replaces, so that of several one wins and the
// others take what it made.
//
// No call is refused while an authority is replaced: a certificate is shown only when the bundle
// holds its authority, and did so a look before, so that each API server has heard of it. Until the
// certificate is renewed the bundle holds what it held before, too, for who shows the one before.
class WebhookAuthority final : public net::CertificateSource {
 public:
  // All but the settings outlive it.
  WebhookAuthority(kube::Client& kube, const Clock& clock, const telemetry::Logger& log,
                   WebhookAuthoritySettings settings);

  Task<Result<net::PemPair>> look() override;
  Duration pause() const override { return Duration{3'000}; }
  std::string name() const override;

 private:
  // What is in the Secret; PEM.
  struct Held {
    net::PemPair authority, server;
    std::string before;  // certificates of earlier authorities, whose work may still be shown
  };

  Held held_in(const Json& secret) const;
  // Whether something had to be made. `trusted` is the bundle as it is.
  Result<bool> renew(Held& held, const std::string& trusted) const;
  std::string still_valid(const std::string& certificates) const;
  net::Validity from_now(Duration life) const;

  Task<Result<Json>> get(kube::ResourceType type, std::string ns, std::string name);
  Task<Result<void>> write_secret(Held held, std::string version);
  Task<Result<void>> write_bundle(Json configuration, std::string bundle);
  Error explain(const Error& error, const std::string& verb, const kube::ResourceType& type) const;
  // What has just been made or written is not shown yet; nor is what another process has.
  Result<net::PemPair> wait() const;

  kube::Client& kube_;
  const Clock& clock_;
  const telemetry::Logger& log_;
  WebhookAuthoritySettings settings_;
  std::optional<net::PemPair> shown_;
  std::string trusted_;  // the bundle that was in place after the last look
};

}  // namespace infra
