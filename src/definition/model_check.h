#pragma once

#include <filesystem>
#include <span>

#include "base/error.h"
#include "definition/definition.h"

namespace infra::definition {

// Checks every call against the AWS service models in `models` (botocore's data folder): operations
// and members exist, required members are given, literals are in their enums, and paths into
// answers lead somewhere. All errors at once, a line each: "FILE:LINE: what is wrong".
Result<void> check_against_models(std::span<const Definition> definitions,
                                  const std::filesystem::path& models);

}  // namespace infra::definition
