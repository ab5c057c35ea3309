#pragma once

#include "base/json.h"
#include "kube/field_errors.h"
#include "kube/kinds.h"

namespace infra::sim {

// Everything that is wrong with an object; `old` is what it is to replace, null at a create.
FieldErrors all_errors(const Json& object, const Json* old, const Kind& kind);

}  // namespace infra::sim
