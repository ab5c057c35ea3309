#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "kube/field_errors.h"
#include "kube/kinds.h"

namespace infra::sim {

// Brings metadata into the shape that the server keeps: known members of the right types, none
// empty, no managedFields. Says what cannot be read; empty if all can.
std::string shape_metadata(Json& object);

JsonObject& metadata_of(Json& object);
std::vector<std::string> finalizers_of(const Json& object);
bool is_deleting(const Json& object);

// Takes over what only the server sets: from nothing at a create, from `old` at an update.
void keep_system_fields(Json& object, const Json& old);

void check_metadata(const Json& object, const Kind& kind, FieldErrors& errors);
void check_metadata_update(const Json& object, const Json& old, FieldErrors& errors);

}  // namespace infra::sim
