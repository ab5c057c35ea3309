#pragma once

#include <string>
#include <utility>
#include <vector>

#include "aws/services.h"

namespace infra::sim {

// A subnet and a policy that people attach, and take back when they are asked to.
inline constexpr const char* kTheirSubnet = "subnet-0000000000000000f";
inline constexpr const char* kTheirPolicy = "arn:aws:iam::aws:policy/SecurityAudit";

// The request of somebody at the console: it goes the way of all others, from behind the keys on.
Request by_hand(const std::string& service, const std::string& operation,
                const std::string& account, const std::string& region);
Request about(const Thing& thing, const std::string& service, const std::string& operation);
void set_form(Request& request, const std::vector<std::pair<std::string, std::string>>& fields);

// What a person does to a thing, in words.
struct Deed {
  std::string words;
  Request request;
};
using Deeds = std::vector<Deed>;

// All that a person might do to it.
Deeds deeds_to(const Thing& thing, bool may_delete);

}  // namespace infra::sim
