#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "kube/cel_tree.h"

namespace infra::sim {

// One of x-kubernetes-validations.
struct Rule {
  std::shared_ptr<const cel::Node> tree;
  std::string message;
  bool compares = false;  // runs only where there is a former value

  // A rule that ends in an error does not hold.
  bool holds(const Json& self, const Json* old) const;
};

// Throws std::runtime_error on a rule that has more of CEL than kube/cel_parse.h knows.
Rule compile_rule(const std::string& text, const std::string& message);

}  // namespace infra::sim
