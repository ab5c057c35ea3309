#pragma once

#include <string>

#include "base/json.h"

namespace infra::sim {

// "Ready=False Reason: message" of an object's condition Ready.
std::string condition_of(const Json& object);
// Only the reason; empty where there is no such condition.
std::string reason_of(const Json& object);

}  // namespace infra::sim
