#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace infra::planning {

// The value of "${name}", or nothing if it is not declared.
using Lookup = std::function<std::optional<Json>(std::string_view name)>;

// Fills a call's input; "${a|b}" is the value of the first that has one. Members without a value
// disappear, and objects and lists that become empty by that. Nothing is left: an empty object.
Json fill(const Json& input, const Lookup& lookup);

}  // namespace infra::planning
