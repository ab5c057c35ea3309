#include "app/remaining_command.h"

#include <iostream>

#include "app/ask_cluster.h"
#include "operator/remaining.h"

namespace infra::app {
namespace {

int tell(const Lines& found) {
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
  add_question(app, "remaining", "Fail, and name them, while there are objects", remaining_objects,
               tell, exit_code);
}

}  // namespace infra::app
