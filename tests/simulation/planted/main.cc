// infra_sim_bugs: the same worlds, with copies of the production code that carry bugs.
#include <fstream>
#include <map>
#include <sstream>

#include "command.h"
#include "planted/planted.h"

namespace {

// Lines of a bug's name, the seed that showed it, and the kind if all objects were of one.
std::map<std::string, infra::sim::KnownWorld> known_worlds() {
  std::map<std::string, infra::sim::KnownWorld> out;
  std::ifstream file(INFRA_CAUGHT);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    infra::sim::KnownWorld world;
    if (!(words >> name >> world.seed)) continue;
    words >> world.kind;
    out[name] = std::move(world);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  infra::sim::Bugs bugs;
  for (const auto& bug : infra::planted_bugs()) bugs.names.emplace_back(bug.name);
  bugs.plant = [](const std::string& name) { return infra::plant(name); };
  bugs.reached = [] { return infra::planted_reached() > 0; };
  bugs.known = known_worlds();
  return infra::sim::simulate(argc, argv, &bugs);
}
