#include "app/drift_command.h"

#include <iostream>
#include <memory>

#include "app/ask_cluster.h"
#include "operator/drifted.h"

namespace infra::app {
namespace {

int run(const std::vector<std::string>& namespaces) {
  const auto found = ask_cluster(drifted_objects, namespaces);
  if (!found) {
    std::cerr << "Nobody knows what has drifted: " << found.error().message << '\n';
    return 1;
  }
  for (const auto& line : *found) std::cout << line << '\n';
  if (found->empty()) std::cout << "Everything that was looked at is as declared.\n";
  return 0;
}

}  // namespace

void add_drift_command(CLI::App& app, int& exit_code) {
  auto namespaces = std::make_shared<std::vector<std::string>>();
  auto* command =
      app.add_subcommand("drift", "List what AWS has otherwise than declared, as objects say");
  command
      ->add_option("--namespaces", *namespaces, "Where to look, with commas; default: everywhere")
      ->delimiter(',');
  command->callback([namespaces, &exit_code] { exit_code = run(*namespaces); });
}

}  // namespace infra::app
