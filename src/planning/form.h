#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "definition/definition.h"

namespace infra::planning {

// A declared value in the spelling of AWS.
Json to_aws(const definition::Field& field, const Json& declared);
// What AWS answered, in the spelling of spec; nothing if AWS does not hold it.
std::optional<Json> from_aws(const definition::Field& field, const Json& answer);
// The same of the place in an answer at which the field is.
std::optional<Json> value_in(const definition::Field& field, const Json& answer);

// The members beside it say that a member of an object counts for nothing (`when`, `unless`).
bool is_off(const definition::Field& member, const Json& object);

// Paths below `path` at which what is declared differs from what was observed. Members that are not
// declared are left alone; a declared list is compared whole.
void add_differences(const definition::Field& field, const Json& declared,
                     const std::optional<Json>& observed, const std::string& path,
                     std::vector<std::string>& out);

// A spec without nulls and without empty strings: both mean "not declared", and what is not
// declared has its default.
Json declared_in(const definition::Definition& definition, const Json& spec);

}  // namespace infra::planning
