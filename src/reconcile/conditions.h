#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace infra::reconcile {

struct Condition {
  std::string type;    // "Ready", "Synced"
  std::string status;  // "True", "False" or "Unknown"
  std::string reason;  // CamelCase
  std::string message;
};

// What a status says under a type.
std::optional<Condition> condition_of(const Json& status, const std::string& type);

// status.conditions as metav1.Condition has them. `before` is the status as it was: a transition
// time moves only when the status of that condition does, and a message that differs in nothing but
// AWS's request id stays.
JsonArray conditions_json(const Json& before, const std::vector<Condition>& now,
                          std::int64_t generation, WallTime time);

}  // namespace infra::reconcile
