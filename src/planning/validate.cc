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

void check(const Field& field, const Json& value, const std::string& path,
           std::vector<std::string>& out) {
  if (field.form == Form::kPolicy && value.is_string()) {
    const auto parsed = parse_json(value.get_string());
    if (!parsed) {
      out.push_back(path + " must be a JSON object: " + parsed.error().message);
    } else if (!parsed->is_object()) {
      out.push_back(path + " must be a JSON object");
    } else if (!good_statement(*parsed)) {
      out.push_back(path + " must have an object or a list of objects as its Statement");
    }
  }
  for (const Field& member : field.fields) {
    if (const Json* found = find_path(value, member.name)) {
      check(member, *found, path + "." + member.name, out);
    }
  }
}

}  // namespace

std::vector<std::string> invalid_fields(const definition::Definition& definition,
                                        const Json& spec) {
  std::vector<std::string> out;
  for (const Field& field : definition.spec) {
    if (const Json* value = find_path(spec, field.name)) {
      check(field, *value, "spec." + field.name, out);
    }
  }
  return out;
}

}  // namespace infra::planning
