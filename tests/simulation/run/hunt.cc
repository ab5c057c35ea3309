#include "run/hunt.h"

#include "run/generate.h"

namespace infra::sim {

Find hunt(const Program& program, std::uint64_t most, std::uint64_t first) {
  Find find;
  for (std::uint64_t seed = first == 0 ? 1 : 0; seed <= most; ++seed) {
    find.seed = seed == 0 ? first : seed;
    find.violation = run(program, generate(find.seed), {}).violation;
    ++find.runs;
    if (find.violation) break;
  }
  return find;
}

}  // namespace infra::sim
