#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace infra::sim {

// S3's XML documents and their members in the words of its API: repeated elements as lists with a
// name in the plural, numbers and booleans as such.

// The members of the root element; nothing if it is no XML with a root of that name.
std::optional<Json> read_document(std::string_view xml, std::string_view root);
std::string write_document(std::string_view root, const Json& value);

}  // namespace infra::sim
