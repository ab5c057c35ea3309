#pragma once

#include <string>

#include "definition/definition.h"

namespace infra::definition {

// The reference page of a kind, in Markdown.
std::string kind_page(const Definition& definition);

}  // namespace infra::definition
