#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace infra::sim {

// The CRDs of a folder such as chart/templates/crds, in the order of their names. Throws
// std::runtime_error if there are none.
std::vector<Json> read_crds(const std::string& folder);

}  // namespace infra::sim
