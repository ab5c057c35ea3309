#pragma once

#include <string>
#include <string_view>

#include "aws/cloud.h"

namespace infra::sim {

// As much of the grammar of policies as AWS checks before anything else: JSON with statements that
// have an effect. Empty: it is one; otherwise what is wrong.
std::string policy_fault(std::string_view text);

// A role that the policy names as a principal and that is not there, or not yet for whoever has to
// know it. Only roles that this AWS has ever had are looked at.
std::string unknown_principal(const Cloud& cloud, std::string_view policy, int replica);

}  // namespace infra::sim
