#include "app/drift_command.h"

#include <iostream>

#include "app/ask_cluster.h"
#include "operator/drifted.h"

namespace infra::app {
namespace {

int tell(const Lines& found) {
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
  add_question(app, "drift", "List what AWS has otherwise than declared, as objects say",
               drifted_objects, tell, exit_code);
}

}  // namespace infra::app
