#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "aws/model.h"

namespace infra::aws {

// The name without its namespace prefix.
std::string_view local_name(const pugi::xml_node& node);
pugi::xml_node child_named(const pugi::xml_node& parent, std::string_view name);

// A validated value as one element (several for a flattened list or map).
void write_xml(std::string& out, const Member& member, std::string_view name, const Json& value);

// The members of a structure that stand in a body, read from `node`. kUnavailable if a value does
// not fit its type.
Result<Json> read_xml_structure(const Shape& shape, const pugi::xml_node& node, int depth);
Result<Json> read_xml(const Member& member, const pugi::xml_node& node, int depth);

}  // namespace infra::aws
