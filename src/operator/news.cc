#include "operator/news.h"

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

}  // namespace

bool is_news(const Json& before, const Json& after) {
  return before.is_null() || after.is_null() || !same(decided(before), decided(after));
}

}  // namespace infra
