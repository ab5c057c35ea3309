#pragma once

#include <vector>

#include "run/run.h"

namespace infra::sim {

// A calm world with one object of a kind, of which `verb` is the story: "create", "update" (every
// edit of its sample in turn), "delete", or "recreate".
Scenario story(const std::string& kind, const std::string& verb);
inline constexpr const char* kVerbs[] = {"create", "update", "delete", "recreate"};

// Every request of a story meets every fault, one at a time; and the process dies at every
// `stride`-th step of its work. `each` is told of every run; it returns false to end the sweep.
struct SweepRun {
  std::string what;  // "fault lost-answer at ec2 CreateVpc #1", "crash at step 17"
  Scenario scenario;
  RunOptions options;
};
void sweep(const Program& program, const std::string& kind, const std::string& verb,
           std::uint64_t stride, const std::function<bool(const SweepRun&)>& each);

}  // namespace infra::sim
