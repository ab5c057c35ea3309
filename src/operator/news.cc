#include "operator/news.h"

#include "reconcile/conditions.h"
#include "reconcile/pass.h"

namespace infra {
namespace {

Json decided(const Json& object) {
  JsonObject out;
  const Json* spec = find_path(object, "spec");
  if (spec != nullptr) out["spec"] = *spec;
  out["deleted"] = text_at(object, "metadata.deletionTimestamp");
  const Json* annotations = find_path(object, "metadata.annotations");
  if (annotations == nullptr || !annotations->is_object()) return out;
  for (const auto& annotation : annotations->get_object()) {
    const std::string_view key = annotation.key();
    const bool ours = key.starts_with(reconcile::group_key(""));
    if (ours && key != reconcile::group_key("external-id")) out[key] = annotation.value();
  }
  return out;
}

// As when a backup is restored. What the status held is noted again before the spec changes.
bool lost_status(const Json& before, const Json& after) {
  return find_path(before, "status.conditions") != nullptr &&
         find_path(after, "status.conditions") == nullptr;
}

}  // namespace

bool is_news(const Json& before, const Json& after) {
  return before.is_null() || after.is_null() || lost_status(before, after) ||
         !same(decided(before), decided(after));
}

bool seems_settled(const Json& json) {
  const reconcile::Object object(json);
  const Json status = object.status();
  const auto ready = reconcile::condition_of(status, "Ready");
  const Json* seen = find_path(status, "observedGeneration");
  return !object.deleting() && ready && ready->status == "True" && seen != nullptr &&
         *seen == Json(object.generation()) &&
         object.annotation("reconcile-requested-at") == text_at(status, "lastHandledReconcileAt");
}

}  // namespace infra
