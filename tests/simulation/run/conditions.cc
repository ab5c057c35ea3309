#include "run/conditions.h"

#include <fmt/format.h>

namespace infra::sim {
namespace {

const Json* ready(const Json& object) {
  const Json* conditions = find_path(object, "status.conditions");
  if (conditions == nullptr || !conditions->is_array()) return nullptr;
  for (const Json& one : conditions->get_array()) {
    if (text_at(one, "type") == "Ready") return &one;
  }
  return nullptr;
}

}  // namespace

std::string condition_of(const Json& object) {
  const Json* one = ready(object);
  if (one == nullptr) return "no condition Ready";
  return fmt::format("Ready={} {}: {}", text_at(*one, "status"), text_at(*one, "reason"),
                     text_at(*one, "message"));
}

std::string reason_of(const Json& object) {
  const Json* one = ready(object);
  return one == nullptr ? std::string() : text_at(*one, "reason");
}

}  // namespace infra::sim
