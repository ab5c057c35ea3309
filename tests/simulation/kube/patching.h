#pragma once

#include "kube/answers.h"

namespace infra::sim {

// RFC 7386.
void merge(Json& target, const Json& patch);

// RFC 6902.
Answer<Json> apply_json_patch(Json target, const Json& operations);

}  // namespace infra::sim
