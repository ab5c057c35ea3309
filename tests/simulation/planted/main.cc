// infra_sim_bugs: the same worlds, with copies of the production code that carry bugs.
#include "command.h"
#include "planted/planted.h"

int main(int argc, char** argv) {
  return infra::sim::simulate(argc, argv, [](const std::string& name) { return infra::plant(name); });
}
