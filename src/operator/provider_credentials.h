#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "base/json.h"
#include "kube/client.h"
#include "operator/provider_grants.h"
#include "reconcile/references.h"

namespace infra {

// A role that the pod's own identity assumes before anything is done with it.
struct PodRole {
  std::string arn;  // empty: none
  std::string external_id;
  std::string session_name = "infra-operator";
  Duration duration = std::chrono::hours(1);
};

// What the credentials of a provider are made with. The references outlive them.
struct CredentialTools {
  Clock& clock;
  net::HttpTransport& transport;
  aws::Environment environment;
  PodRole pod_role;
  ProviderGrants grants;
  std::string hash_key;  // for fingerprints; random
};

struct ProviderCredentials {
  std::shared_ptr<aws::CredentialSource> source;
  // Differs when a Secret's values do; never shown. Empty where no Secret is named.
  std::string fingerprint;
};

// The Secrets that a provider's spec names.
std::vector<reconcile::Target> secrets_of_provider(const Json& spec,
                                                   const std::string& provider_namespace);

// Which provider it is, and what it says.
struct ProviderSpec {
  std::string ns, name;
  Json spec;
};

// The credentials that a provider's spec names: keys in Secrets, the pod's web identity with a
// role, or the pod's own identity; on top of them roles to assume, one with the other. `sts` says
// where STS is, and `kube` is not needed after the call. kNotFound or kInvalid with a sentence
// where a Secret is missing or lacks a key or a role is named twice; kDenied for what the grants do
// not let the provider use.
Task<Result<ProviderCredentials>> provider_credentials(const CredentialTools& tools,
                                                       kube::Client& kube, ProviderSpec provider,
                                                       aws::StsSettings sts);

}  // namespace infra
