#pragma once

#include <string_view>

#include "kube/cel_tree.h"

namespace infra::sim::cel {

// An expression over `self` and `oldSelf` as a tree. Throws Unknown on what the evaluator does not
// know.
Node parse(std::string_view expression);

// Whether a variable is named anywhere in it.
bool mentions(const Node& node, std::string_view variable);

}  // namespace infra::sim::cel
