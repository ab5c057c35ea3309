#pragma once

#include <functional>
#include <string>

namespace infra::sim {

// Arms a planted bug by its name; false if there is none. Null in a program without them.
using Planter = std::function<bool(const std::string& name)>;

// The command line of the simulator; gives the exit code. README.md says how it is used.
int simulate(int argc, char** argv, const Planter& planter);

}  // namespace infra::sim
