#pragma once

#include <CLI/CLI.hpp>

namespace infra::app {

// `infra-operator remaining`: fails while there are objects. The chart runs it before it takes the
// CRDs away, and with them every object.
void add_remaining_command(CLI::App& app, int& exit_code);

}  // namespace infra::app
