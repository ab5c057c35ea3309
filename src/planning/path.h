#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::planning {

// Paths of definitions: dotted members, with "[0]" for an item, "[]" for every item
// ("Rules[0].Status", "Layers[].Arn") and "[Member=text]" for the first item with that member
// ("KeySchema[KeyType=HASH].AttributeName"). "Policy{}.Version" looks into a JSON text. An empty
// path is the value itself.
std::optional<Json> read_path(const Json& value, std::string_view path);
// Sets the value, making objects and lists on the way. Only "[0]" is allowed here.
void write_path(Json& value, std::string_view path, Json leaf);
// The texts of the list at a dotted path of members; what is no text is left out. Empty when there
// is no list.
std::vector<std::string> texts_at(const Json& value, std::string_view path);

}  // namespace infra::planning
