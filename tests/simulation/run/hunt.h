#pragma once

#include "run/run.h"

namespace infra::sim {

// The first world that breaks a promise.
struct Find {
  std::uint64_t seed = 0;
  std::uint64_t runs = 0;
  std::optional<Violation> violation;  // absent: none did
};

// Looks through the worlds of seeds 1 to `most`; that of `first`, unless it is 0, before all.
Find hunt(const Program& program, std::uint64_t most, std::uint64_t first);

}  // namespace infra::sim
