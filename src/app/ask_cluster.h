#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "kube/client.h"

namespace infra::app {

using Lines = Result<std::vector<std::string>>;
// About the objects of all kinds. No namespaces: all of them.
using Question = Task<Lines> (*)(kube::Client& kube, std::vector<kube::ResourceType> types,
                                 std::vector<std::string> namespaces);

// Adds a command that asks the cluster of the pod, or of the kubeconfig. `tell` prints the answer,
// and gives the exit code.
void add_question(CLI::App& app, const std::string& name, const std::string& description,
                  Question question, int (*tell)(const Lines& found), int& exit_code);

}  // namespace infra::app
