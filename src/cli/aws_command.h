#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "aws/model.h"

namespace infra::cli {

// Adds `infra-operator aws SERVICE OPERATION ...`: one AWS call, its answer as JSON on standard
// output. `exit_code`, which outlives the parsing, becomes 0, 1 where the call failed, or 2 where
// it could not be made.
void add_aws_command(CLI::App& app, int& exit_code);

// The operation's own name for DescribeVpcs, describe-vpcs or describe-db-instances.
std::optional<std::string> find_operation(const aws::ServiceModel& model, std::string_view name);

// The same JSON with line ends and two spaces a level.
std::string pretty(const Json& value, int indent = 0);

}  // namespace infra::cli
