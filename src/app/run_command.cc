#include "app/run_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>

#include "app/kube_config.h"
#include "app/run_flags.h"
#include "app/version.h"
#include "aws/crt.h"
#include "aws/embedded.h"
#include "base/keyed_hash.h"
#include "base/password.h"
#include "definition/loader.h"
#include "definition/object_reference.h"
#include "net/beast_transport.h"
#include "net/http_server.h"
#include "operator/operator.h"
#include "operator/webhook.h"

namespace infra::app {
namespace {

std::string environment_or(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : std::string(value);
}

Result<std::vector<definition::Definition>> load_definitions(const std::string& more) {
  auto all = definition::load_embedded();
  if (!all || more.empty()) return all;
  auto added = definition::load_directory(more);
  if (!added) return std::unexpected(added.error());
  for (auto& one : *added) {
    std::erase_if(*all, [&one](const auto& built_in) { return built_in.kind == one.kind; });
    all->push_back(std::move(one));
  }
  auto led = definition::check_targets(*all);
  if (!led) return std::unexpected(led.error());
  return all;
}

telemetry::Level level_of(const std::string& name) {
  if (name == "debug") return telemetry::Level::kDebug;
  return name == "error" ? telemetry::Level::kError : telemetry::Level::kInfo;
}

telemetry::Format format_of(const std::string& name) {
  return name == "console" ? telemetry::Format::kConsole : telemetry::Format::kJson;
}

std::optional<telemetry::Sampling> sampling_of(const RunFlags& flags) {
  if (!flags.log_sampling_initial) return std::nullopt;
  return telemetry::Sampling{.first = *flags.log_sampling_initial,
                             .thereafter = flags.log_sampling_thereafter};
}

Result<planning::TagMap> global_tags(const RunFlags& flags) {
  planning::TagMap out;
  for (const auto& tag : flags.global_tags) {
    const auto equals = tag.find('=');
    if (equals == std::string::npos) {
      return fail(Code::kInvalid, "--global-tags takes KEY=VALUE, with commas; got '" + tag + "'");
    }
    out[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  const auto problems = planning::invalid_tags(out);
  if (!problems.empty()) return fail(Code::kInvalid, "--global-tags: " + problems.front());
  return out;
}

telemetry::Fields resource_of(const RunFlags& flags) {
  telemetry::Fields out{{"service.name", "infra-operator"},
                        {"service.version", kVersion},
                        {"k8s.cluster.name", flags.cluster}};
  for (const auto& [name, variable] :
       {std::pair("k8s.pod.name", "POD_NAME"), std::pair("k8s.namespace.name", "POD_NAMESPACE")}) {
    const std::string value = environment_or(variable, "");
    if (!value.empty()) out.push_back({name, value});
  }
  return out;
}

Result<std::optional<TraceSettings>> trace_settings(const RunFlags& flags) {
  if (flags.otlp_endpoint.empty()) return std::nullopt;
  auto endpoint = traces_endpoint(flags.otlp_endpoint);
  if (!endpoint) {
    return std::unexpected(endpoint.error().in(
        "--otlp-endpoint takes the URL of a collector, such as http://collector:4318"));
  }
  // Not a flag: everyone on the node can read those.
  auto headers = parse_otlp_headers(environment_or("OTEL_EXPORTER_OTLP_HEADERS", ""));
  if (!headers) return std::unexpected(headers.error());
  return TraceSettings{.tracer = {.ratio = flags.trace_sampling},
                       .exporter = {.endpoint = std::move(*endpoint),
                                    .headers = std::move(*headers),
                                    .resource = resource_of(flags)}};
}

std::string pod_namespace(const std::string& otherwise) {
  return environment_or("POD_NAMESPACE", otherwise);
}

OperatorSettings settings_of(const RunFlags& flags, const std::string& default_namespace) {
  OperatorSettings out;
  out.namespaces = flags.namespaces;
  out.pod = {.api_version = "v1",
             .kind = "Pod",
             .ns = pod_namespace(default_namespace),
             .name = environment_or("POD_NAME", ""),
             .uid = environment_or("POD_UID", "")};
  out.leader_elect = flags.leader_elect;
  out.lease = flags.lease;
  if (out.lease.ns.empty()) out.lease.ns = out.pod.ns;
  out.shards = flags.shards;
  out.replica = environment_or("POD_NAME", environment_or("HOSTNAME", "local"));
  std::random_device random;
  out.lease.identity = fmt::format("{}_{}_{:08x}", out.replica, getpid(), random());
  out.dispatching = {.most_at_once = flags.most_at_once, .jitter = flags.check_jitter / 100.0};
  out.check_interval = flags.check_interval;
  out.reconcile_timeout = flags.reconcile_timeout;
  out.heals_drift = flags.auto_heal;
  out.cluster = flags.cluster;
  out.pod_role = flags.pod_role;
  out.grants = flags.grants;
  out.grace = flags.shutdown_timeout;
  return out;
}

Task<net::HttpResponse> answer_probe(const telemetry::Health& health, std::string target) {
  if (target != "/healthz" && target != "/readyz") co_return net::answer_with(404, "not found\n");
  const auto answer = target == "/healthz" ? health.alive() : health.ready();
  co_return net::answer_with(answer.http_status(), answer.text);
}

Task<net::HttpResponse> answer_metrics(Operator& the_operator, const telemetry::Metrics& metrics,
                                       std::string target) {
  if (target != "/metrics") co_return net::answer_with(404, "not found\n");
  the_operator.refresh_metrics();
  co_return net::answer_with(200, metrics.text(), telemetry::Registry::kContentType);
}

// An object of 3 MB is the largest that the API server takes, and a review may hold it twice. The
// API server closes a connection that was idle for 90 s: were it us, a review could be lost on its
// way.
constexpr net::HttpServerLimits kWebhookLimits{
    .connections = 2'000, .body = 7 * 1024 * 1024, .patience = Duration{120'000}};

constexpr Duration kDrain{3'000};

// Everything that lives as long as the process. What is declared last goes first: servers, sockets,
// then the io_context with whoever still waits on it, and only then what those use.
class Process {
 public:
  explicit Process(const RunFlags& flags)
      : flags_(flags),
        log_(std::cerr, level_of(flags.log_level), format_of(flags.log_format), clock_,
             sampling_of(flags)),
        metrics_({.version = std::string(kVersion), .revision = std::string(kRevision)},
                 {.per_object = flags.metrics_per_object}),
        transport_(clock_, net::ProxyConfig::from_environment()) {}

  int run() {
    const auto prepared = prepare();
    if (!prepared) {
      log_.error("cannot start", telemetry::fields_of(prepared.error()));
      return 1;
    }
    boost::asio::signal_set signals(io_, SIGTERM, SIGINT);
    signals.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      log_.info("stopping");
      if (webhook_server_) webhook_server_->drain();
      operator_->stop();
    });
    Operator::End end = Operator::End::kLeaseLost;
    boost::asio::co_spawn(io_, operate(),
                          [this, &end](std::exception_ptr thrown, Operator::End how) {
                            if (!thrown) end = how;
                            io_.stop();
                          });
    io_.run();
    health_server_->stop();
    metrics_server_->stop();
    if (webhook_server_) webhook_server_->stop();
    log_.info(end == Operator::End::kStopped
                  ? "stopped"
                  : "the lease is lost; ending so that the next process leads alone");
    return end == Operator::End::kStopped ? 0 : 1;
  }

 private:
  // An API server keeps its connections to the webhook, and loses the review that it sends on one
  // that we close: it is told with an answer first.
  Task<Operator::End> operate() {
    const Operator::End end = co_await operator_->run();
    if (webhook_server_ && end == Operator::End::kStopped) co_await clock_.sleep(kDrain);
    co_return end;
  }

  Result<void> prepare() {
    auto config = kube_config(clock_, flags_.kubeconfig, flags_.context);
    if (!config) return std::unexpected(config.error());
    const std::string default_namespace = config->default_namespace;
    kube_.emplace(transport_, clock_, std::move(*config));
    auto definitions = load_definitions(flags_.definitions);
    if (!definitions) return std::unexpected(definitions.error());
    definitions_ = std::move(*definitions);
    auto provider = definition::load_provider();
    if (!provider) return std::unexpected(provider.error());
    provider_definition_ = std::move(*provider);
    std::vector<std::string> kinds{provider_definition_.kind};
    for (const auto& definition : definitions_) kinds.push_back(definition.kind);
    metrics_.preset(kinds);
    OperatorSettings settings = settings_of(flags_, default_namespace);
    auto tags = global_tags(flags_);
    if (!tags) return std::unexpected(tags.error());
    settings.global_tags = std::move(*tags);
    auto traces = trace_settings(flags_);
    if (!traces) return std::unexpected(traces.error());
    settings.traces = std::move(*traces);
    auto made = Operator::make(parts(), std::move(settings));
    if (!made) return std::unexpected(made.error());
    operator_ = std::move(*made);
    const auto served = serve();
    if (!served || flags_.webhook_port == 0) return served;
    return serve_webhook();
  }

  OperatorParts parts() {
    return {.clock = clock_,
            .transport = transport_,
            .kube = *kube_,
            // The core has what the definitions built in call, and no more.
            .catalog = std::make_shared<aws::Catalog>(
                flags_.definitions.empty() ? aws::core_document : aws::embedded_document),
            .environment = aws::process_environment(),
            .definitions = definitions_,
            .provider_definition = provider_definition_,
            .metrics = metrics_,
            .health = health_,
            .log = log_,
            .random = random(),
            .new_password = random_password,
            .hash_key = random_key()};
  }

  Result<void> serve() {
    // Nobody has to send us a body.
    const net::HttpServerLimits limits{.body = 4096};
    health_server_.emplace(
        [this](net::HttpRequest request) {
          return answer_probe(health_, std::move(request.target));
        },
        limits);
    metrics_server_.emplace(
        [this](net::HttpRequest request) {
          return answer_metrics(*operator_, metrics_, std::move(request.target));
        },
        limits);
    const auto health = listen(*health_server_, flags_.health_address);
    if (!health) return std::unexpected(health.error().in("--health-probe-bind-address"));
    const auto metrics = listen(*metrics_server_, flags_.metrics_address);
    if (!metrics) return std::unexpected(metrics.error().in("--metrics-bind-address"));
    log_.info("started",
              {{"version", kVersion}, {"metrics_port", *metrics}, {"health_port", *health}});
    return {};
  }

  Result<void> serve_webhook() {
    webhook_.emplace(WebhookParts{.clock = clock_,
                                  .kube = *kube_,
                                  .definitions = definitions_,
                                  .provider_definition = provider_definition_,
                                  .metrics = metrics_,
                                  .health = health_,
                                  .log = log_,
                                  .random = random()},
                     WebhookSettings{.namespaces = flags_.namespaces,
                                     .strictness = flags_.webhook_refuses,
                                     .certificates = webhook_certificates()});
    webhook_->start(io_.get_executor());
    webhook_server_.emplace(
        [this](net::HttpRequest request) { return webhook_->answer(std::move(request)); },
        kWebhookLimits);
    const auto port =
        webhook_server_->listen(io_.get_executor(), std::to_string(flags_.webhook_port),
                                [this] { return webhook_->certificate(); });
    if (!port) return std::unexpected(port.error().in("--webhook-port"));
    log_.info("the webhook listens", {{"webhook_port", *port}});
    return {};
  }

  std::unique_ptr<net::CertificateSource> webhook_certificates() {
    WebhookAuthoritySettings settings = flags_.webhook_authority;
    if (settings.secret.empty()) {
      return std::make_unique<net::CertificateFolder>(flags_.webhook_certificates);
    }
    settings.ns = pod_namespace(kube_->config().default_namespace);
    return std::make_unique<WebhookAuthority>(*kube_, clock_, log_, std::move(settings));
  }

  std::function<double()> random() {
    return [this] { return std::uniform_real_distribution<double>(0, 1)(engine_); };
  }

  // As usual with operators, the address "0" means not to serve; the port is then 0.
  Result<std::uint16_t> listen(net::HttpServer& server, const std::string& address) {
    if (address == "0") return 0;
    return server.listen(io_.get_executor(), address);
  }

  const RunFlags& flags_;
  SystemClock clock_;
  telemetry::Logger log_;
  telemetry::Metrics metrics_;
  telemetry::Health health_;
  aws::CrtLibrary crt_;
  std::mt19937_64 engine_{std::random_device{}()};
  std::vector<definition::Definition> definitions_;
  definition::Definition provider_definition_;
  std::optional<kube::Client> kube_;
  std::unique_ptr<Operator> operator_;
  std::optional<Webhook> webhook_;
  boost::asio::io_context io_;
  net::BeastTransport transport_;
  std::optional<net::HttpServer> health_server_;
  std::optional<net::HttpServer> metrics_server_;
  std::optional<net::HttpServer> webhook_server_;
};

int run_operator(const RunFlags& flags) {
  const auto& lease = flags.lease;
  if (lease.duration <= lease.renew_deadline || lease.renew_deadline <= lease.retry) {
    std::cerr << "--leader-election-lease-duration must be longer than "
                 "--leader-election-renew-deadline, and that longer than "
                 "--leader-election-retry-period: else two processes could lead at once\n";
    return 2;
  }
  if (flags.shards > 1 && !flags.leader_elect) {
    std::cerr << "--shards needs --leader-elect: without leases all replicas would work on all\n";
    return 2;
  }
  Process process(flags);
  return process.run();
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RunFlags>();
  auto* run = app.add_subcommand("run", "Run the operator until SIGTERM or SIGINT");
  add_run_flags(*run, *flags);
  run->callback([flags, &exit_code] { exit_code = run_operator(*flags); });
}

}  // namespace infra::app
