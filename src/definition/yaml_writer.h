#pragma once

#include <string>

#include "base/json.h"

namespace infra::definition {

// Block style with two spaces, members in the order given, a line feed at the end. The same value
// always gives the same text.
std::string to_yaml(const Json& value);

// JSON with two spaces and a line feed at the end, for people to read.
std::string to_json_text(const Json& value);

}  // namespace infra::definition
