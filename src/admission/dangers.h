#pragma once

#include "admission/review.h"
#include "definition/definition.h"

namespace infra::admission {

// Tells of what is allowed and seldom meant: the words `openings` and `warnings` of a definition.
void add_dangers(const definition::Definition& kind, const Json& spec,
                 std::vector<std::string>& sentences);

}  // namespace infra::admission
