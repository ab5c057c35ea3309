#include "reconcile/tag_keys.h"

#include <set>

#include "planning/path.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Definition;

bool replaces_whole_set(const Definition& definition) {
  return definition.tags && !definition.tags->remove;
}

JsonArray as_array(const std::set<std::string>& keys) {
  JsonArray out;
  for (const auto& key : keys) out.emplace_back(key);
  return out;
}

std::set<std::string> noted_keys(const Json& status) {
  const auto keys = planning::texts_at(status, "tagKeys");
  return {keys.begin(), keys.end()};
}

std::set<std::string> declared_keys(const planning::Desired& desired) {
  std::set<std::string> out;
  for (const auto& [key, value] : desired.tags) out.insert(key);
  return out;
}

// The removed keys that AWS may still show, with the time of each.
JsonObject removed_lately(const Definition& definition, const Json& status, WallTime now) {
  JsonObject out;
  const Json* removed = find_path(status, "removedTags");
  if (removed == nullptr || !removed->is_object()) return out;
  for (const auto& [key, when] : removed->get_object()) {
    if (!when.is_string()) continue;
    if (!surely_shown(definition, std::string(when.get_string()), now)) out[key] = when;
  }
  return out;
}

}  // namespace

std::vector<std::string> managed_tag_keys(const Definition& definition, const Object& object,
                                          WallTime now) {
  const Json& status = object.status();
  std::set<std::string> keys = noted_keys(status);
  for (const auto& [key, when] : removed_lately(definition, status, now)) keys.emplace(key);
  return {keys.begin(), keys.end()};
}

Json tag_keys_to_note(const planning::Desired& desired) {
  std::set<std::string> keys = declared_keys(desired);
  keys.insert(desired.managed_keys.begin(), desired.managed_keys.end());
  return as_array(keys);
}

void note_tags_as_declared(const Definition& definition, const planning::Desired& desired,
                           Json& status, WallTime now) {
  if (!definition.tags) return;
  const std::set<std::string> before = noted_keys(status);
  const std::set<std::string> declared = declared_keys(desired);
  if (before == declared) return;
  set_path(status, "tagKeys", as_array(declared));
  if (!replaces_whole_set(definition)) return;
  JsonObject removed = removed_lately(definition, status, now);
  for (const auto& key : before) {
    if (!removed.contains(key)) removed[key] = format_rfc3339(now);
  }
  for (const auto& key : declared) removed.erase(key);
  if (removed.empty()) {
    erase_path(status, "removedTags");
  } else {
    set_path(status, "removedTags", std::move(removed));
  }
}

}  // namespace infra::reconcile
