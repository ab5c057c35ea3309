#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "planning/decide.h"

namespace infra::planning {

// One thing that AWS has otherwise than declared. The texts are short, and "***" where the value is
// secret; empty where there is none.
struct Difference {
  std::string path;
  std::string expected, actual;
  std::string_view severity;
};

// What a provider says of drift.
struct DriftPolicy {
  bool heals = true;                 // it is put right, where the object says nothing
  std::vector<std::string> ignored;  // paths that are left to others, in kinds that have them
  std::string threshold = "low";     // what is less severe is put right, or left, without a word
};

// What a plan to update, or one that Drifted, is about.
std::vector<Difference> differences(const definition::Definition& definition,
                                    const Desired& desired, const Observed& observed,
                                    const Plan& plan);

// Takes away what is less severe than that.
void keep_severe(std::string_view threshold, std::vector<Difference>& found);
// That of the worst; empty if there is none.
std::string_view severity_of(const std::vector<Difference>& found);

}  // namespace infra::planning
