#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "net/http.h"

namespace infra {

// What the operator's configuration lets the AWSProviders of a namespace use
// (docs/design/015-what-a-provider-may-use.md). They live in namespaces, so whoever may write one
// there must not come by the operator's own identity, or have requests sent to any host.
struct ProviderGrants {
  struct Role {
    std::string ns;       // '*' stands for all
    std::string pattern;  // of ARNs, in which '*' stands for any text
  };

  std::string own_namespace;            // the operator's; empty: none
  std::vector<std::string> namespaces;  // may use its identity; '*' stands for all
  bool by_label = true;                 // so may those with the label
  std::vector<Role> roles;              // may be assumed with it
  std::vector<std::string> endpoints;   // may be spoken to: patterns of place_of()
};

// The label of a Namespace whose providers may use the operator's identity, and its value.
std::string pod_identity_label();
inline constexpr std::string_view kPodIdentityAllowed = "allowed";

// NAMESPACE=PATTERN, and SCHEME://HOST:PORT, in which '*' stands for any text and the port may be
// left out. kInvalid with a sentence for what can be neither.
Result<ProviderGrants::Role> parse_role_grant(std::string_view text);
Result<std::string> parse_endpoint_grant(std::string_view text);
// Scheme, host and port of a URL, each of them one way only to write it.
std::string place_of(const net::Url& url);

// Whether providers of `ns` may use the operator's identity, but for what a label says.
bool lists_namespace(const ProviderGrants& grants, const std::string& ns);
bool is_labelled(const Json& ns);

// kDenied with a sentence that names the setting.
std::unexpected<Error> refuse_identity(const ProviderGrants& grants, const std::string& ns);
Result<void> may_assume(const ProviderGrants& grants, const std::string& ns,
                        const std::string& role_arn);
// kInvalid for what is no URL.
Result<void> may_reach(const ProviderGrants& grants, const std::string& endpoint);

}  // namespace infra
