#pragma once

#include "run/scenario.h"

namespace infra::sim {

// The scenario of a seed. Families of faults are on with even odds each, so that most runs lack
// most of them (what one fault hides another shows); 5 of 100 runs are calm, 25 have one family,
// 5 have all. With `kind`, only objects of that kind.
Scenario generate(std::uint64_t seed, const std::string& kind = "");

}  // namespace infra::sim
