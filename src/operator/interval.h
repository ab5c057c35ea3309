#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace infra {

// "90s", "5m", "1h": whole numbers with one unit. Nothing for anything else, and for under a
// second.
std::optional<Duration> parse_interval(std::string_view text);

}  // namespace infra
