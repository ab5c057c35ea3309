#pragma once

#include <span>
#include <string>
#include <vector>

#include "definition/definition.h"

namespace infra::definition {

// What the operator may do in the cluster: the rules of its role, nothing that it does not use.
JsonArray rbac_rules(std::span<const Definition> definitions, const Definition& provider);

// The prefix of a service's IAM actions, such as elasticloadbalancing of elbv2. CloudTrail has it
// too.
std::string action_prefix(const std::string& service);

// The IAM actions that an operation needs, such as s3:ListBucket for HeadBucket.
std::vector<std::string> iam_actions(const std::string& service, const std::string& operation);

// The policy that allows every call of every definition, and what AWS's services do with the
// caller's permissions to carry it out; nothing else.
JsonObject iam_policy(std::span<const Definition> definitions);

}  // namespace infra::definition
