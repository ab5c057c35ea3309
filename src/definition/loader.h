#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "definition/definition.h"

namespace infra::definition {

// Reads one definition. Strict: an unknown word, a wrong type or a name that leads nowhere is an
// error. All errors of the file are reported at once, a line each: "FILE:LINE: what is wrong".
// Adds what every kind has: spec fields providerRef, deletionPolicy and, with `tags:`, tags.
Result<Definition> parse_definition(std::string_view yaml, std::string file);

// The definitions built into the program, by kind.
Result<std::vector<Definition>> load_embedded();

// Every *.yaml below `path`, by kind.
Result<std::vector<Definition>> load_directory(const std::filesystem::path& path);

// The operator's own kind: fields and columns only; it makes no AWS resource.
Result<Definition> load_provider();

}  // namespace infra::definition
