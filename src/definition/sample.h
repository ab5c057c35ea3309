#pragma once

#include <string>

#include "definition/definition.h"

namespace infra::definition {

// A manifest that works beside the sample provider.
JsonObject sample_object(const Definition& definition);

// The sample provider and its Secret, for the AWS emulator on this machine.
std::string sample_provider();

}  // namespace infra::definition
