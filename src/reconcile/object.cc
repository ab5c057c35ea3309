#include "reconcile/object.h"

#include "planning/access.h"
#include "planning/path.h"

namespace infra::reconcile {

std::int64_t Object::generation() const {
  const Json* value = find_path(json_, "metadata.generation");
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

std::string Object::annotation(std::string_view name) const {
  return planning::annotation_of(json_, name);
}

std::vector<std::string> Object::finalizers() const {
  return planning::texts_at(json_, "metadata.finalizers");
}

const Json& Object::part(std::string_view name) const {
  static const Json kEmpty = JsonObject{};
  const Json* value = find_path(json_, name);
  return value == nullptr || !value->is_object() ? kEmpty : *value;
}

bool is_ready(const Json& object) {
  const Json* ready = find_path(object, "status.ready");
  return ready != nullptr && *ready == Json(true);
}

}  // namespace infra::reconcile
