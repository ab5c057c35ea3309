#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "net/http.h"

namespace infra::cli {

// Adds `infra-operator probe URL`: asks once, for `helm test`, whose pods have nothing but our
// image. `exit_code`, which outlives the parsing, becomes 0, or 1 with a line that says why.
void add_probe_command(CLI::App& app, int& exit_code);

// Good if the answer is a 2xx.
Task<Result<void>> probe(net::HttpTransport& transport, std::string url);

}  // namespace infra::cli
