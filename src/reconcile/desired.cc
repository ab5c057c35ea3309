// Gather: what should be, put together from the object and its provider.
#include "planning/form.h"
#include "planning/ignored.h"
#include "reconcile/pass.h"
#include "reconcile/tag_keys.h"

namespace infra::reconcile {
namespace {

using definition::Definition;

// Whoever comes later wins (docs/tags.md).
planning::TagMap merged_tags(planning::TagMap tags, const Definition& definition,
                             const Object& object, const Json& spec, const std::string& cluster) {
  planning::add_tags(spec, "tags", tags);
  for (const auto& field : definition.spec) {
    const std::string value = field.tag.empty() ? "" : text_at(spec, field.name);
    if (!value.empty()) tags[field.tag] = value;
  }
  tags[planning::owner_tag()] = object.uid();
  tags[group_key("cluster")] = cluster;
  tags[group_key("namespace")] = object.namespace_name();
  tags[group_key("name")] = object.name();
  return tags;
}

std::string recorded_id(const Definition& definition, const Object& object) {
  const auto& identity = definition.identity;
  if (!identity.status.empty()) {
    const std::string id = text_at(object.status(), identity.status);
    if (!id.empty()) return id;
  }
  // Also of an object that another operator has filled, whose resources carry no owner tag.
  const bool proven = !identity.proof.empty() && !text_at(object.status(), identity.proof).empty();
  if (proven) return text_at(object.spec(), identity.chosen);
  return object.annotation("external-id");
}

bool heals(const Object& object, const Cloud& cloud) {
  const std::string said = object.annotation("auto-heal");
  return said == "true" || (said != "false" && cloud.drift_policy().heals);
}

}  // namespace

std::string known_id(const Definition& definition, const planning::Desired& desired) {
  const auto& chosen = definition.identity.chosen;
  if (!desired.recorded_id.empty() || chosen.empty()) return desired.recorded_id;
  return text_at(desired.spec, chosen);
}

bool leaves_its_resource(const Definition& definition, const Object& object) {
  const Json spec = planning::declared_in(definition, object.spec());
  const std::string policy = text_at(spec, "deletionPolicy");
  return policy == "Retain" || policy == "Orphan" || object.annotation("policy") == "observe";
}

bool has_begun(const Definition& definition, const Object& object) {
  return !recorded_id(definition, object).empty() ||
         find_path(object.json(), "status.creation") != nullptr;
}

bool intent_open(const Object& object) {
  return find_path(object.json(), "status.creation.token") != nullptr;
}

std::string declared_digest(const planning::Desired& desired) {
  JsonObject tags;
  for (const auto& [key, value] : desired.tags) tags[key] = value;
  return planning::digest(desired.uid,
                          JsonObject{{"spec", desired.spec}, {"tags", std::move(tags)}});
}

planning::Desired desired_of(const Definition& definition, const Object& object, const Json& spec,
                             const Cloud& cloud, const std::string& cluster, WallTime now) {
  return {.uid = object.uid(),
          .cluster = cluster,
          .namespace_name = object.namespace_name(),
          .name = object.name(),
          .spec = planning::declared_in(definition, spec),
          .status = object.status(),
          .tags = merged_tags(cloud.tag_policy().defaults, definition, object, spec, cluster),
          .managed_keys = managed_tag_keys(definition, object, now),
          .removes_foreign_tags = cloud.tag_policy().removes_foreign,
          .ignored = planning::ignored_paths(definition, object.annotation("ignore-fields"),
                                             cloud.drift_policy().ignored),
          .recorded_id = recorded_id(definition, object),
          .intent_open = intent_open(object),
          .deleting = object.deleting(),
          .adopt = object.annotation("adopt") == "true",
          .observe_only = object.annotation("policy") == "observe",
          .heals = heals(object, cloud),
          .recreates = object.annotation("recreate") == "true"};
}

}  // namespace infra::reconcile
