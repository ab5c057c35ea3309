#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "definition/definition.h"

namespace infra::admission {

// Actions of one service as IAM names them, in lower case and sorted.
struct ServiceActions {
  std::string_view service;  // such as "s3"
  std::string_view actions;  // a line each
};
// Of every service, sorted by its name; from the data that tools/iam_actions.py packs into the
// program when it is built.
std::span<const ServiceActions> iam_services();

// Whether there is such an action, such as "s3:GetObject". IAM takes capitals and small letters for
// the same, and has * and ? for many:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
bool is_iam_action(std::string_view action);

// Warns of actions in policies that IAM does not know. Not refused: AWS adds some each week.
void add_unknown_actions(const definition::Definition& kind, const Json& spec,
                         std::vector<std::string>& sentences);

}  // namespace infra::admission
