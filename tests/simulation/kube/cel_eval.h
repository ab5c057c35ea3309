#pragma once

#include <optional>

#include "kube/cel_tree.h"

namespace infra::sim::cel {

// What an expression says about an object; `old` may be null if it does not mention oldSelf.
// Nothing: it ends in an error, such as that of a member which is not there, or is no boolean.
std::optional<bool> evaluate(const Node& node, const Json& self, const Json* old);

}  // namespace infra::sim::cel
