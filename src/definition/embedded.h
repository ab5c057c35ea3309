#pragma once

#include <span>
#include <string_view>

namespace infra::definition {

struct EmbeddedFile {
  std::string_view name;  // "definitions/ec2/vpc.yaml"
  std::string_view text;
};

// Made at build time by tools/embed_definitions.py, sorted by name.
std::span<const EmbeddedFile> embedded_definitions();
EmbeddedFile embedded_provider();

}  // namespace infra::definition
