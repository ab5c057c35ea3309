#include "admission/chosen_names.h"

#include <fmt/format.h>

#include "planning/access.h"

namespace infra::admission {
namespace {

const std::string& chosen_field(const definition::Definition& kind, const Json& object) {
  const Json* spec = find_path(object, "spec");
  const auto& identity = definition::variant_for(kind, spec == nullptr ? Json() : *spec).identity;
  return identity.chosen.empty() ? identity.decided_by : identity.chosen;
}

// Kind, provider and name. Empty: nothing is claimed.
std::string claim_of(const definition::Definition& kind, const Json& object) {
  if (!claims(object)) return {};
  const std::string& field = chosen_field(kind, object);
  const std::string name = field.empty() ? "" : text_at(object, "spec." + field);
  const std::string provider = planning::provider_key_of(object);
  if (name.empty() || provider.empty()) return {};
  return kind.kind + " " + provider + " " + name;
}

}  // namespace

void ChosenNames::note(const definition::Definition& kind, const Json& before, const Json& after) {
  const auto old = owners_.find(claim_of(kind, before));
  if (old != owners_.end()) {
    old->second.erase(key_of(before));
    if (old->second.empty()) owners_.erase(old);
  }
  const std::string claim = claim_of(kind, after);
  if (!claim.empty()) owners_[claim].insert(key_of(after));
}

void ChosenNames::check(const definition::Definition& kind, const Json& object,
                        Verdict& verdict) const {
  const auto owners = owners_.find(claim_of(kind, object));
  if (owners == owners_.end()) return;
  const std::string key = key_of(object);
  for (const auto& owner : owners->second) {
    if (owner == key) continue;
    const std::string& field = chosen_field(kind, object);
    verdict.refusals.push_back(
        fmt::format("spec.{} is {}, and {} has that name already; choose another one, or delete "
                    "that object first",
                    field, text_at(object, "spec." + field),
                    called(kind.kind, owner, text_at(object, "metadata.namespace"))));
    return;
  }
}

}  // namespace infra::admission
