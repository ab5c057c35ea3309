#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "run/run.h"

namespace infra::sim {

// A run that broke a promise.
struct Failure {
  std::string what;  // "seed 17"
  std::string rule;
  std::string text;
};

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t requests = 0;
  std::uint64_t virtual_seconds = 0;
  std::uint64_t repeated = 0;  // runs that were made twice
  std::uint64_t trace = 0;     // of all traces, whatever their order
  std::vector<Failure> failures;
  std::map<std::string, std::uint64_t> cells;  // "ec2 CreateVpc/lost-answer": how often

  void add(const RunResult& result);
};

// One share of a campaign; called in a process of its own.
using Share = std::function<void(int share, int shares, Totals& totals)>;

// Runs the shares side by side, each in a child process, and adds up what they found. A child that
// dies is a failure. Call before the process has started any thread.
Totals in_shares(int shares, const Share& share);

}  // namespace infra::sim
