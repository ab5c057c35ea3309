#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::planning {

// Paths of definitions: dotted members, with "[0]" for an item and "[]" for every item
// ("Rules[0].Status", "Layers[].Arn"). An empty path is the value itself.
std::optional<Json> read_path(const Json& value, std::string_view path);
// Sets the value, making objects and lists on the way. "[]" is not allowed here.
void write_path(Json& value, std::string_view path, Json leaf);
// The texts of the list at a dotted path of members; what is no text is left out. Empty when there
// is no list.
std::vector<std::string> texts_at(const Json& value, std::string_view path);

}  // namespace infra::planning
