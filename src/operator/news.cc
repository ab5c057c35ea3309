#include "operator/news.h"

#include <algorithm>
#include <map>

#include "planning/access.h"
#include "reconcile/conditions.h"
#include "reconcile/pass.h"

namespace infra {
namespace {

// Of our group, but for the id, which we note ourselves.
std::map<std::string_view, const Json*> annotations_for_us(const Json& object) {
  std::map<std::string_view, const Json*> out;
  const Json* annotations = find_path(object, "metadata.annotations");
  if (annotations == nullptr || !annotations->is_object()) return out;
  for (const auto& annotation : annotations->get_object()) {
    const std::string_view key = annotation.key();
    const bool ours = key.starts_with(reconcile::group_key(""));
    if (ours && key != reconcile::group_key("external-id")) out[key] = &annotation.value();
  }
  return out;
}

bool same_decided(const Json& before, const Json& after) {
  const auto alike = [](const auto& one, const auto& other) {
    return one.first == other.first && same(*one.second, *other.second);
  };
  return same_at(before, after, "spec") && same_at(before, after, "metadata.deletionTimestamp") &&
         std::ranges::equal(annotations_for_us(before), annotations_for_us(after), alike);
}

// As when a backup is restored. What the status held is noted again before the spec changes.
bool lost_status(const Json& before, const Json& after) {
  return find_path(before, "status.conditions") != nullptr &&
         find_path(after, "status.conditions") == nullptr;
}

}  // namespace

bool is_news(const Json& before, const Json& after) {
  return before.is_null() || after.is_null() || lost_status(before, after) ||
         !same_decided(before, after);
}

bool seems_settled(const Json& object) {
  const Json* status = find_path(object, "status");
  if (status == nullptr || find_path(object, "metadata.deletionTimestamp") != nullptr) return false;
  const auto ready = reconcile::condition_of(*status, "Ready");
  const Json* seen = find_path(*status, "observedGeneration");
  const Json* generation = find_path(object, "metadata.generation");
  return ready && ready->status == "True" && seen != nullptr && generation != nullptr &&
         same(*seen, *generation) &&
         planning::annotation_of(object, "reconcile-requested-at") ==
             text_at(*status, "lastHandledReconcileAt");
}

}  // namespace infra
