#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/invariants.h"

namespace infra::sim {

// Needs a CrtLibrary.
Result<Program> load_program();

struct RunOptions {
  std::function<void(const std::string& line)> trace;
  std::optional<std::uint64_t> crash_at_step;  // of all pods together, once
};

struct RunResult {
  std::optional<Violation> violation;
  std::uint64_t trace_hash = 0;
  std::uint64_t trace_lines = 0;
  std::uint64_t requests = 0;
  std::uint64_t steps = 0;  // of the chaos
  Duration virtual_time{0};
  std::vector<std::pair<std::string, Fault>> faults;  // that happened
  std::map<std::pair<std::string, std::string>, int> coverage;
};

// Runs a scenario through its five phases: chaos; quiet, until everything is as declared; a window
// in which nothing may be written; deletion; end.
RunResult run(const Program& program, const Scenario& scenario, const RunOptions& options);

}  // namespace infra::sim
