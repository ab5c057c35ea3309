#include "aws/policy.h"

namespace infra::sim {
namespace {

JsonArray as_list(const Json* value) {
  if (value == nullptr) return {};
  if (value->is_array()) return value->get_array();
  JsonArray out;
  out.push_back(*value);
  return out;
}

JsonArray statements_of(const Json& policy) { return as_list(find_path(policy, "Statement")); }

bool is_unknown(const Cloud& cloud, const std::string& arn, int replica) {
  constexpr std::string_view kStart = "arn:aws:iam::";
  const auto role_at = arn.find(":role/");
  if (!arn.starts_with(kStart) || role_at == std::string::npos) return false;
  const std::string account = arn.substr(kStart.size(), role_at - kStart.size());
  const std::string name = arn.substr(arn.rfind('/') + 1);
  if (cloud.latest("IAMRole", account, name) == nullptr) return false;
  return cloud.seen("IAMRole", account, name, View::kAccess, replica) == nullptr;
}

}  // namespace

std::string policy_fault(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed) return "This policy contains invalid Json";
  const JsonArray statements = statements_of(*parsed);
  if (statements.empty()) return "Syntax errors in policy.";
  for (const Json& statement : statements) {
    const std::string effect = text_at(statement, "Effect");
    if (effect != "Allow" && effect != "Deny") return "Syntax errors in policy.";
  }
  return "";
}

std::string unknown_principal(const Cloud& cloud, std::string_view policy, int replica) {
  const auto parsed = parse_json(policy);
  if (!parsed) return "";
  for (const Json& statement : statements_of(*parsed)) {
    for (const Json& principal : as_list(find_path(statement, "Principal.AWS"))) {
      const std::string arn = text_at(principal, "");
      if (is_unknown(cloud, arn, replica)) return arn;
    }
  }
  return "";
}

}  // namespace infra::sim
