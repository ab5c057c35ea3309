#pragma once

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "app/kube_config.h"
#include "cli/run_to_end.h"
#include "kube/client.h"
#include "net/beast_transport.h"

namespace infra::app {

// A question about the objects of all kinds. No namespaces: all of them.
template <class Answer>
using Question = Task<Result<Answer>> (*)(kube::Client& kube, std::vector<kube::ResourceType> types,
                                          std::vector<std::string> namespaces);

// The kinds that are built in, and AWSProvider.
Result<std::vector<kube::ResourceType>> all_types();

// Asks it of the cluster of the pod, or of the kubeconfig.
template <class Answer>
Result<Answer> ask_cluster(Question<Answer> question, const std::vector<std::string>& namespaces) {
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

}  // namespace infra::app
