#include "run/hunt.h"

#include "run/generate.h"

namespace infra::sim {

Find hunt(const Program& program, const KnownWorld& known, std::uint64_t most,
          const std::string& kind) {
  Find find;
  const auto shows = [&](const KnownWorld& world) {
    find.world = world;
    find.violation = run(program, generate(world.seed, world.kind), {}).violation;
    ++find.runs;
    return find.violation.has_value();
  };
  if (known.seed != 0 && shows(known)) return find;
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    if (shows({.seed = seed, .kind = kind})) break;
  }
  return find;
}

}  // namespace infra::sim
