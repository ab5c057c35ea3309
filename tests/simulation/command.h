#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace infra::sim {

// The bugs of a program that has planted ones.
struct Bugs {
  std::vector<std::string> names;
  std::function<bool(const std::string& name)> plant;  // false if there is no such bug
  std::function<bool()> reached;                       // its place, since it was planted
  std::function<std::uint64_t(const std::string& name)> known_seed;  // that showed it; 0: none
};

// The command line of the simulator; gives the exit code. README.md says how it is used. `bugs` is
// null in a program without them.
int simulate(int argc, char** argv, const Bugs* bugs);

}  // namespace infra::sim
