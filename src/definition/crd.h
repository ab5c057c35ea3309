#pragma once

#include <string_view>

#include "definition/definition.h"

namespace infra::definition {

inline constexpr std::string_view kGroup = "aws-infra-operator.runner.codes";
inline constexpr std::string_view kVersion = "v1alpha1";

// The CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind. An empty text in an optional
// field means "absent", so its enum, pattern and bounds let it pass.
JsonObject make_crd(const Definition& definition);

}  // namespace infra::definition
