#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "run/hunt.h"

namespace infra::sim {

// The bugs of a program that has planted ones.
struct Bugs {
  std::vector<std::string> names;
  std::function<bool(const std::string& name)> plant;  // false if there is no such bug
  std::function<bool()> reached;                       // its place, since it was planted
  std::map<std::string, KnownWorld> known;
};

// The command line of the simulator; gives the exit code. README.md says how it is used. `bugs` is
// null in a program without them.
int simulate(int argc, char** argv, const Bugs* bugs);

}  // namespace infra::sim
