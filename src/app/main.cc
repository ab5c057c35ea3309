#include <iostream>

#include "app/drift_command.h"
#include "app/remaining_command.h"
#include "app/run_command.h"
#include "app/version.h"
#include "cli/aws_command.h"
#include "cli/probe_command.h"

int main(int argc, char** argv) {
  CLI::App app{"Keeps AWS infrastructure as Kubernetes objects say"};
  app.name("infra-operator");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(infra::app::kVersion));
  int exit_code = 0;
  infra::app::add_run_command(app, exit_code);
  infra::app::add_drift_command(app, exit_code);
  infra::app::add_remaining_command(app, exit_code);
  infra::cli::add_aws_command(app, exit_code);
  infra::cli::add_probe_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
