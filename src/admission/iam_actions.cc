#include "admission/iam_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>

#include "base/text.h"
#include "planning/validate.h"

namespace infra::admission {
namespace {

bool has_action(std::string_view lines, const std::string& pattern) {
  if (pattern.find('[') != std::string::npos) return false;  // no pattern to IAM, but to fits()
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    if (fits(pattern, std::string(lines.substr(0, end)))) return true;
    lines.remove_prefix(end + 1);
  }
  return false;
}

// A single item stands for a list of one.
std::vector<Json> items_of(const Json* value) {
  if (value == nullptr) return {};
  if (!value->is_array()) return {*value};
  return {value->get_array().begin(), value->get_array().end()};
}

void add_unknown(const std::string& path, const Json& statement, std::string_view member,
                 std::vector<std::string>& sentences) {
  for (const Json& action : items_of(find_path(statement, member))) {
    if (!action.is_string() || is_iam_action(action.get_string())) continue;
    sentences.push_back(
        fmt::format("{} names {}, which is no action that IAM knew when this operator was built; "
                    "correct it unless AWS has added it since",
                    path, std::string_view(action.get_string())));
  }
}

}  // namespace

bool is_iam_action(std::string_view action) {
  if (action == "*") return true;
  const std::string lower = boost::algorithm::to_lower_copy(std::string(action));
  const auto colon = lower.find(':');
  if (colon == std::string::npos) return false;
  const std::string_view service = std::string_view(lower).substr(0, colon);
  const auto services = iam_services();
  const auto found = std::ranges::lower_bound(services, service, {}, &ServiceActions::service);
  if (found == services.end() || found->service != service) return false;
  return has_action(found->actions, lower.substr(colon + 1));
}

void add_unknown_actions(const definition::Definition& kind, const Json& spec,
                         std::vector<std::string>& sentences) {
  planning::each_policy(kind, spec, [&sentences](const std::string& path, std::string_view text) {
    const auto policy = parse_json(text);
    if (!policy) return;
    for (const Json& statement : items_of(find_path(*policy, "Statement"))) {
      add_unknown(path, statement, "Action", sentences);
      add_unknown(path, statement, "NotAction", sentences);
    }
  });
}

}  // namespace infra::admission
