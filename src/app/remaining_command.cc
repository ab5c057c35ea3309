#include "app/remaining_command.h"

#include <boost/asio/io_context.hpp>
#include <iostream>
#include <memory>

#include "app/kube_config.h"
#include "cli/run_to_end.h"
#include "definition/loader.h"
#include "net/beast_transport.h"
#include "operator/remaining.h"
#include "operator/watched_kind.h"

namespace infra::app {
namespace {

Result<std::vector<kube::ResourceType>> all_types() {
  auto definitions = definition::load_embedded();
  if (!definitions) return std::unexpected(definitions.error());
  auto provider = definition::load_provider();
  if (!provider) return std::unexpected(provider.error());
  definitions->push_back(std::move(*provider));
  std::vector<kube::ResourceType> out;
  for (const auto& definition : *definitions) out.push_back(resource_type(definition));
  return out;
}

Result<std::vector<std::string>> look(const std::vector<std::string>& namespaces) {
  SystemClock clock;
  auto config = kube_config(clock, "", "");
  if (!config) return std::unexpected(config.error());
  auto types = all_types();
  if (!types) return std::unexpected(types.error());
  boost::asio::io_context io;
  net::BeastTransport transport(clock, net::ProxyConfig::from_environment());
  kube::Client client(transport, clock, std::move(*config));
  return cli::run_to_end(io, remaining_objects(client, std::move(*types), namespaces));
}

int run(const std::vector<std::string>& namespaces) {
  const auto found = look(namespaces);
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
