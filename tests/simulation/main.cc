// infra_sim: the production code as it is, in simulated worlds.
#include "command.h"

int main(int argc, char** argv) { return infra::sim::simulate(argc, argv, nullptr); }
