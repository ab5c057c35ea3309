#include "operator/named_resources.h"

#include <utility>

#include "definition/permissions.h"
#include "planning/access.h"

namespace infra {
namespace {

std::string place_of(const std::string& provider, const std::string& service,
                     const std::string& name) {
  return provider + "\n" + service + "\n" + name;
}

// A chosen name, the id that AWS has given, and the ARN that proves a name to be ours.
std::vector<std::string> names_of(const definition::Identity& identity, const Json& object) {
  std::vector<std::string> out;
  const auto add = [&](const char* part, const std::string& field) {
    if (field.empty()) return;
    std::string name = text_at(object, part + field);
    if (!name.empty()) out.push_back(std::move(name));
  };
  add("spec.", identity.chosen);
  add("spec.", identity.decided_by);
  add("status.", identity.status);
  add("status.", identity.proof);
  return out;
}

}  // namespace

void NamedResources::set(const std::string& key, const definition::Definition& definition,
                         const Json& object) {
  static const Json kNothing;
  const Json* spec = find_path(object, "spec");
  const auto& variant = definition::variant_for(definition, spec == nullptr ? kNothing : *spec);
  const std::string provider = planning::provider_key_of(object);
  // CloudTrail calls services as IAM does.
  const std::string service = definition::action_prefix(variant.service);
  std::vector<std::string> places;
  for (const std::string& name : names_of(variant.identity, object)) {
    places.push_back(place_of(provider, service, name));
  }
  replace(key, std::move(places));
}

void NamedResources::replace(const std::string& key, std::vector<std::string> places) {
  const auto before = places_.find(key);
  if (before != places_.end()) {
    if (before->second == places) return;
    for (const std::string& place : before->second) {
      auto& keys = keys_[place];
      keys.erase(key);
      if (keys.empty()) keys_.erase(place);
    }
    places_.erase(before);
  }
  if (places.empty()) return;
  for (const std::string& place : places) keys_[place].insert(key);
  places_[key] = std::move(places);
}

const std::set<std::string>& NamedResources::find(const std::string& provider,
                                                  const std::string& service,
                                                  const std::string& name) const {
  static const std::set<std::string> none;
  const auto found = keys_.find(place_of(provider, service, name));
  return found == keys_.end() ? none : found->second;
}

}  // namespace infra
