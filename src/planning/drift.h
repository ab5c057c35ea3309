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

// What a plan to update, or one that Drifted, is about.
std::vector<Difference> differences(const definition::Definition& definition,
                                    const Desired& desired, const Observed& observed,
                                    const Plan& plan);

// Of a path in spec: tags change nothing of what a resource does.
std::string_view severity_of(std::string_view path);
// That of the worst.
std::string_view severity_of(const std::vector<Difference>& found);

}  // namespace infra::planning
