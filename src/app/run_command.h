#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace infra::app {

// Adds `infra-operator run` and its flags. `exit_code` is set by what the command did and outlives
// the parsing.
void add_run_command(CLI::App& app, int& exit_code);

}  // namespace infra::app
