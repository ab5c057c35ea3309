#include "admission/served_namespaces.h"

#include "planning/access.h"

namespace infra::admission {

void ServedNamespaces::note(const definition::Definition& kind, const Json& before,
                            const Json& after) {
  if (kind.kind != provider_.kind) return;
  if (after.is_null()) {
    providers_.erase(key_of(before));
  } else {
    providers_[key_of(after)] = after;
  }
}

void ServedNamespaces::check(const definition::Definition&, const Json& object,
                             Verdict& verdict) const {
  const std::string key = planning::provider_key_of(object);
  if (key.empty()) return;
  const auto provider = providers_.find(key);
  const std::string ns = text_at(object, "metadata.namespace");
  if (provider == providers_.end()) {
    verdict.warnings.push_back("there is no AWSProvider " + key +
                               " yet; create it, or correct spec.providerRef");
  } else if (!planning::serves(provider->second, ns)) {
    verdict.refusals.push_back(planning::does_not_serve(key, ns));
  }
}

}  // namespace infra::admission
