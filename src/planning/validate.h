#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "definition/definition.h"

namespace infra::planning {

// Called with a path such as "spec.inlinePolicy.policyDocument" and what is there.
using PolicyVisitor = std::function<void(const std::string& path, std::string_view text)>;
void each_policy(const definition::Definition& definition, const Json& spec,
                 const PolicyVisitor& visit);

// What is wrong with a spec that the API server cannot check by the CRD, a sentence each: policies
// that are no JSON object, or whose Statement is no statement. Asked before any call to AWS.
std::vector<std::string> invalid_fields(const definition::Definition& definition, const Json& spec);

}  // namespace infra::planning
