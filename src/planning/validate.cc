#include "planning/validate.h"

#include <algorithm>

namespace infra::planning {
namespace {

using definition::Field;
using definition::Form;

// Documents of some services have none.
bool good_statement(const Json& policy) {
  const Json* statement = find_path(policy, "Statement");
  if (statement == nullptr || statement->is_object()) return true;
  return statement->is_array() && std::ranges::all_of(statement->get_array(), &Json::is_object);
}

void visit_policies(const Field& field, const Json& value, const std::string& path,
                    const PolicyVisitor& visit) {
  if (field.type == definition::Type::kArray && value.is_array()) {
    const auto& items = value.get_array();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string item = path + "[" + std::to_string(i) + "]";
      for (const Field& inner : field.fields) visit_policies(inner, items[i], item, visit);
    }
    return;
  }
  if (field.form == Form::kPolicy && value.is_string()) visit(path, value.get_string());
  for (const Field& member : field.fields) {
    if (const Json* found = find_path(value, member.name)) {
      visit_policies(member, *found, path + "." + member.name, visit);
    }
  }
}

}  // namespace

void each_policy(const definition::Definition& definition, const Json& spec,
                 const PolicyVisitor& visit) {
  for (const Field& field : definition.spec) {
    if (const Json* value = find_path(spec, field.name)) {
      visit_policies(field, *value, "spec." + field.name, visit);
    }
  }
}

std::vector<std::string> invalid_fields(const definition::Definition& definition,
                                        const Json& spec) {
  std::vector<std::string> out;
  each_policy(definition, spec, [&out](const std::string& path, std::string_view text) {
    const auto parsed = parse_json(text);
    if (!parsed) {
      out.push_back(path + " must be a JSON object: " + parsed.error().message);
    } else if (!parsed->is_object()) {
      out.push_back(path + " must be a JSON object");
    } else if (!good_statement(*parsed)) {
      out.push_back(path + " must have an object or a list of objects as its Statement");
    }
  });
  return out;
}

}  // namespace infra::planning
