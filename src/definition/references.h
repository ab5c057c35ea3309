#pragma once

#include "definition/definition.h"
#include "definition/yaml_reader.h"

namespace infra::definition {

// Complains about every name in a definition that leads nowhere inside it: fields of facets and
// sets, columns, conditions of calls, and "${name}" in inputs.
void check_references(const Definition& definition, Complaints& complaints);

// The spec field at a dotted path ("code.zipFile", "routes[].gatewayID"), or nullptr.
const Field* field_at(const Definition& definition, std::string_view path);

// Every call of a definition, in the order of the file's words.
std::vector<const Call*> all_calls(const Definition& definition);

}  // namespace infra::definition
