#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "definition/definition.h"

namespace infra::planning {

// What is wrong with a spec that the API server cannot check by the CRD, a sentence each: policies
// that are no JSON object, or whose Statement is no statement. Asked before any call to AWS.
std::vector<std::string> invalid_fields(const definition::Definition& definition, const Json& spec);

}  // namespace infra::planning
