#pragma once

#include <string>

#include "definition/definition.h"

namespace infra::definition {

// A manifest that works beside the sample provider and the samples that it refers to, after the
// Secrets that it takes values from.
std::string sample_manifest(const Definition& definition);

// The sample provider and its Secret, for the AWS emulator on this machine.
std::string sample_provider();

}  // namespace infra::definition
