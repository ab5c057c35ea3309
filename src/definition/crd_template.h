#pragma once

#include <string>

#include "definition/definition.h"

namespace infra::definition {

// The CRD as a template of the Helm chart that is plain YAML to kubectl: what is meant for Helm
// stands in comments, and two braces within a text are written so that Helm does not see them.
std::string crd_template(const Definition& definition);

}  // namespace infra::definition
