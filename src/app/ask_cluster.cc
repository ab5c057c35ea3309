#include "app/ask_cluster.h"

#include <boost/asio/io_context.hpp>
#include <memory>

#include "app/kube_config.h"
#include "cli/run_to_end.h"
#include "definition/loader.h"
#include "net/beast_transport.h"
#include "operator/watched_kind.h"

namespace infra::app {
namespace {

// The kinds that are built in, and AWSProvider.
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

Lines ask(Question question, const std::vector<std::string>& namespaces) {
  SystemClock clock;
  auto config = kube_config(clock, "", "");
  if (!config) return std::unexpected(config.error());
  auto types = all_types();
  if (!types) return std::unexpected(types.error());
  boost::asio::io_context io;
  net::BeastTransport transport(clock, net::ProxyConfig::from_environment());
  kube::Client client(transport, clock, std::move(*config));
  return cli::run_to_end(io, question(client, std::move(*types), namespaces));
}

}  // namespace

void add_question(CLI::App& app, const std::string& name, const std::string& description,
                  Question question, int (*tell)(const Lines& found), int& exit_code) {
  auto namespaces = std::make_shared<std::vector<std::string>>();
  auto* command = app.add_subcommand(name, description);
  command
      ->add_option("--namespaces", *namespaces, "Where to look, with commas; default: everywhere")
      ->delimiter(',');
  command->callback(
      [question, tell, namespaces, &exit_code] { exit_code = tell(ask(question, *namespaces)); });
}

}  // namespace infra::app
