#include "world/process.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <stdexcept>

namespace infra::sim {
namespace {

kube::Config kube_config() {
  kube::Config config;
  config.server = {
      .scheme = "https", .host = std::string(Network::kKubeHost), .port = 6443, .path = "/"};
  return config;
}

// An empty environment: credentials come from Secrets.
std::string variable(const std::string&) { return {}; }

}  // namespace

Process::Process(const Program& program, Timeline& timeline, Network& network, Random random,
                 Plan plan)
    : plan_(std::move(plan)),
      clock_(timeline, plan_.clock),
      random_(random),
      transport_(plan_.number, network, clock_),
      log_(log_text_, telemetry::Level::kInfo, telemetry::Format::kJson, clock_),
      metrics_({.version = "simulated", .revision = "simulated"}),
      kube_(transport_, clock_, kube_config()) {
  plan_.settings.replica = fmt::format("pod-{}", plan_.number);
  plan_.settings.lease.identity = fmt::format("pod-{}_{}", plan_.number, plan_.start);
  auto made = Operator::make({.clock = clock_,
                              .transport = transport_,
                              .kube = kube_,
                              .catalog = program.catalog,
                              .environment = variable,
                              .definitions = program.definitions,
                              .provider_definition = program.provider_definition,
                              .metrics = metrics_,
                              .health = health_,
                              .log = log_,
                              .random = [this] { return random_.unit(); },
                              .new_password = [] { return std::string("simulated-password"); },
                              .hash_key = "simulated"},
                             plan_.settings);
  if (!made) throw std::runtime_error("the operator cannot start: " + made.error().message);
  operator_ = std::move(*made);
  boost::asio::co_spawn(io_, operator_->run(),
                        [this](std::exception_ptr thrown, Operator::End how) {
                          end_ = thrown ? Operator::End::kLeaseLost : how;
                        });
}

Process::~Process() = default;

bool Process::step() {
  if (ended()) return false;
  if (io_.stopped()) io_.restart();
  const bool ran = io_.poll_one() > 0;
  if (ran) ++steps_;
  return ran;
}

void Process::stop() { operator_->stop(); }

std::string Process::take_log() {
  std::string text = log_text_.str();
  log_text_.str({});
  return text;
}

std::string Process::metrics() {
  operator_->refresh_metrics();
  return metrics_.text();
}

}  // namespace infra::sim
