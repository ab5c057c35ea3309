#pragma once

#include <CLI/CLI.hpp>

namespace infra::app {

// Adds `infra-operator drift`: what AWS has otherwise than declared and is left so, by what the
// objects say. Asks Kubernetes only.
void add_drift_command(CLI::App& app, int& exit_code);

}  // namespace infra::app
