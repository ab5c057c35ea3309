#include "reconcile/object.h"

#include "planning/decide.h"

namespace infra::reconcile {

std::int64_t Object::generation() const {
  const Json* value = find_path(json_, "metadata.generation");
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

std::string Object::annotation(std::string_view name) const {
  // Annotation keys hold dots, so they are no paths.
  const Json* all = find_path(json_, "metadata.annotations");
  if (all == nullptr || !all->is_object()) return {};
  const std::string key = std::string(planning::kGroup) + "/" + std::string(name);
  const Json* value = all->get_object().if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::vector<std::string> Object::finalizers() const {
  std::vector<std::string> out;
  const Json* list = find_path(json_, "metadata.finalizers");
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->get_array()) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

Json Object::part(std::string_view name) const {
  const Json* value = find_path(json_, name);
  return value == nullptr || !value->is_object() ? Json(JsonObject{}) : *value;
}

JsonObject without_finalizer(const Object& object, const std::string& finalizer) {
  JsonArray rest;
  for (const auto& other : object.finalizers()) {
    if (other != finalizer) rest.emplace_back(other);
  }
  return JsonObject{{"finalizers", std::move(rest)}};
}

JsonObject with_finalizer(const Object& object, const std::string& finalizer) {
  JsonObject patch = without_finalizer(object, finalizer);
  patch["finalizers"].get_array().emplace_back(finalizer);
  return patch;
}

}  // namespace infra::reconcile
