#include "kube/rules.h"

#include <stdexcept>

#include "kube/cel_eval.h"
#include "kube/cel_parse.h"
#include "kube/cel_words.h"

namespace infra::sim {

bool Rule::holds(const Json& self, const Json* old) const {
  return cel::evaluate(*tree, self, old) == true;
}

Rule compile_rule(const std::string& text, const std::string& message) {
  try {
    const auto tree = std::make_shared<const cel::Node>(cel::parse(text));
    return {.tree = tree,
            .message = message.empty() ? "failed rule: " + text : message,
            .compares = cel::mentions(*tree, "oldSelf")};
  } catch (const cel::Unknown& unknown) {
    throw std::runtime_error("the fake API server does not know the rule '" + text + "': it has " +
                             unknown.what() + "; teach it in kube/cel_parse.cc");
  }
}

}  // namespace infra::sim
