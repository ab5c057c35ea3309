#include "app/remaining_command.h"

#include <iostream>
#include <memory>

#include "app/ask_cluster.h"
#include "operator/remaining.h"

namespace infra::app {
namespace {

int run(const std::vector<std::string>& namespaces) {
  const auto found = ask_cluster(remaining_objects, namespaces);
  if (!found) {
    std::cerr << "Nobody knows whether there are objects: " << found.error().message << '\n';
    return 1;
  }
  for (const auto& name : *found) std::cerr << name << '\n';
  if (!found->empty()) std::cerr << "These are still there, and would go with their CRDs.\n";
  return found->empty() ? 0 : 1;
}

}  // namespace

void add_remaining_command(CLI::App& app, int& exit_code) {
  auto namespaces = std::make_shared<std::vector<std::string>>();
  auto* command = app.add_subcommand("remaining", "Fail, and name them, while there are objects");
  command
      ->add_option("--namespaces", *namespaces, "Where to look, with commas; default: everywhere")
      ->delimiter(',');
  command->callback([namespaces, &exit_code] { exit_code = run(*namespaces); });
}

}  // namespace infra::app
