#pragma once

#include <cstdint>
#include <string>

#include "run/run.h"

namespace infra::sim {

// A world that has shown a bug.
struct KnownWorld {
  std::uint64_t seed = 0;  // none
  std::string kind;        // of all objects; empty: of every kind
};

// The first world that breaks a promise.
struct Find {
  KnownWorld world;
  std::uint64_t runs = 0;
  std::optional<Violation> violation;  // absent: none did
};

// Looks into the world that is known, and then into those of seeds 1 to `most`, of one kind unless
// that is empty.
Find hunt(const Program& program, const KnownWorld& known, std::uint64_t most,
          const std::string& kind);

}  // namespace infra::sim
