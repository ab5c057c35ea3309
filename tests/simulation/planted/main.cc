// infra_sim_bugs: the same worlds, with copies of the production code that carry bugs.
#include <fstream>
#include <map>
#include <sstream>

#include "command.h"
#include "planted/planted.h"

namespace {

// Lines of a bug's name and a seed that showed it.
std::map<std::string, std::uint64_t> known_seeds() {
  std::map<std::string, std::uint64_t> out;
  std::ifstream file(INFRA_CAUGHT);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t seed = 0;
    if (words >> name >> seed) out[name] = seed;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  infra::sim::Bugs bugs;
  for (const auto& bug : infra::planted_bugs()) bugs.names.emplace_back(bug.name);
  bugs.plant = [](const std::string& name) { return infra::plant(name); };
  bugs.reached = [] { return infra::planted_reached() > 0; };
  bugs.known_seed = [known = known_seeds()](const std::string& name) {
    const auto found = known.find(name);
    return found == known.end() ? std::uint64_t{0} : found->second;
  };
  return infra::sim::simulate(argc, argv, &bugs);
}
