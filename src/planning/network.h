#pragma once

#include <string>

namespace infra::planning {

// An address range as AWS spells it: "10.0.0.5/8" is "10.0.0.0/8", and IPv6 in its short form. What
// is no range stays as it is.
std::string network(const std::string& text);

}  // namespace infra::planning
