#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace infra::sim {

// As much of the grammar of policies as AWS checks before anything else: JSON with statements that
// have an effect. Empty: it is one; otherwise what is wrong.
inline std::string policy_fault(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed) return "This policy contains invalid Json";
  if (!parsed->is_object()) return "Syntax errors in policy.";
  const Json* found = parsed->get_object().if_contains("Statement");
  if (found == nullptr) return "Syntax errors in policy.";
  const JsonArray statements = found->is_array() ? found->get_array() : JsonArray{*found};
  if (statements.empty()) return "Syntax errors in policy.";
  for (const Json& statement : statements) {
    const std::string effect = text_at(statement, "Effect");
    if (effect != "Allow" && effect != "Deny") return "Syntax errors in policy.";
  }
  return "";
}

}  // namespace infra::sim
