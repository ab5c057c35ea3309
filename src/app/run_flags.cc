#include "app/run_flags.h"

#include <fmt/format.h>

#include "operator/interval.h"

namespace infra::app {
namespace {

// A flag that takes a time, such as 5m. `target` holds what it is without the flag.
void add_interval(CLI::App& command, const std::string& name, Duration& target,
                  const std::string& description) {
  const auto take = [name, &target](const std::string& text) {
    const auto time = parse_interval(text);
    if (!time) {
      throw CLI::ValidationError(
          name, "takes a whole number with s, m or h, such as 5m; got '" + text + "'");
    }
    target = *time;
  };
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(target).count();
  command.add_option_function<std::string>(name, take, description)
      ->default_str(fmt::format("{}s", seconds));
}

void add_election_flags(CLI::App& run, RunFlags& flags) {
  run.add_flag("--leader-elect,!--no-leader-elect", flags.leader_elect,
               "Work only while holding a lease")
      ->capture_default_str();
  run.add_option("--shards", flags.shards,
                 "Parts that the work is divided into among all replicas; 1: one replica works")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  run.add_option("--leader-election-namespace", flags.lease.ns,
                 "Namespace of the lease; default: POD_NAMESPACE, or the kubeconfig's");
  run.add_option("--leader-election-name", flags.lease.name, "Name of the lease")
      ->capture_default_str();
  add_interval(run, "--leader-election-lease-duration", flags.lease.duration,
               "Time after which another process takes a lease that was not renewed");
  add_interval(run, "--leader-election-renew-deadline", flags.lease.renew_deadline,
               "Time after which a process that cannot renew its lease stops working");
  add_interval(run, "--leader-election-retry-period", flags.lease.retry,
               "Time between attempts to get or renew the lease");
}

void add_role_flags(CLI::App& run, PodRole& role) {
  run.add_option("--assume-role-arn", role.arn,
                 "Role that is assumed with the credentials found around the program");
  run.add_option("--assume-role-external-id", role.external_id,
                 "External id that this role asks for");
  run.add_option("--assume-role-session-name", role.session_name,
                 "Name of the session, as CloudTrail shows it")
      ->capture_default_str();
  add_interval(run, "--assume-role-duration", role.duration,
               "How long keys of this role are good for");
}

// Each text of a flag that may be repeated, made into what `list` holds.
template <class T>
std::function<void(const std::vector<std::string>&)> into(const std::string& name,
                                                          std::vector<T>& list,
                                                          Result<T> (*parse)(std::string_view)) {
  return [name, &list, parse](const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      auto parsed = parse(text);
      if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
      list.push_back(std::move(*parsed));
    }
  };
}

void add_grant_flags(CLI::App& run, ProviderGrants& grants) {
  run.add_option("--pod-identity-namespace,--pod-identity-namespaces", grants.namespaces,
                 "Namespaces whose AWSProviders may use the program's own AWS identity, beside its "
                 "own namespace, repeated or with commas; *: all")
      ->delimiter(',');
  run.add_flag("--pod-identity-label,!--no-pod-identity-label", grants.by_label,
               "So may those of namespaces labelled " + pod_identity_label() + "=" +
                   std::string(kPodIdentityAllowed))
      ->capture_default_str();
  const std::string role = "--provider-role", endpoint = "--provider-endpoint";
  run.add_option_function<std::vector<std::string>>(
         role, into(role, grants.roles, parse_role_grant),
         "Role that AWSProviders of a namespace may assume with the program's own AWS identity, "
         "NAMESPACE=ARN, repeated; * stands for all namespaces, and for any text in an ARN")
      ->allow_extra_args(false);
  run.add_option_function<std::vector<std::string>>(
         endpoint, into(endpoint, grants.endpoints, parse_endpoint_grant),
         "Endpoint that AWSProviders may name, SCHEME://HOST:PORT, repeated; * stands for any "
         "text, and those of the environment count too")
      ->allow_extra_args(false);
}

void add_log_flags(CLI::App& run, RunFlags& flags) {
  run.add_option("--log-level", flags.log_level, "debug, info or error")
      ->check(CLI::IsMember({"debug", "info", "error"}))
      ->capture_default_str();
  run.add_option("--log-format", flags.log_format, "json or console")
      ->check(CLI::IsMember({"json", "console"}))
      ->capture_default_str();
  run.add_option("--log-sampling-initial", flags.log_sampling_initial,
                 "Lines of one message a second before any is left out; default: none is");
  run.add_option("--log-sampling-thereafter", flags.log_sampling_thereafter,
                 "After those, one line of so many is written; 0: none")
      ->capture_default_str();
}

void add_trace_flags(CLI::App& run, RunFlags& flags) {
  auto* endpoint = run.add_option("--otlp-endpoint", flags.otlp_endpoint,
                                  "URL of a collector for traces (OTLP over HTTP), such as "
                                  "http://collector:4318; its headers: OTEL_EXPORTER_OTLP_HEADERS");
  run.add_option("--trace-sampling", flags.trace_sampling, "Part of reconciles that are traced")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(endpoint)
      ->capture_default_str();
}

void add_server_flags(CLI::App& run, RunFlags& flags) {
  run.add_option("--metrics-bind-address", flags.metrics_address,
                 "Where /metrics is served; 0: nowhere")
      ->capture_default_str();
  run.add_flag("--metrics-per-object", flags.metrics_per_object,
               "A series for each object too, with the time when it was made");
  run.add_option("--health-probe-bind-address", flags.health_address,
                 "Where /healthz and /readyz are served; 0: nowhere")
      ->capture_default_str();
}

void add_work_flags(CLI::App& run, RunFlags& flags) {
  run.add_option("--max-concurrent-reconciles", flags.most_at_once,
                 "How many objects of a kind are worked on at once, besides checks")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_interval(run, "--check-interval", flags.check_interval,
               "Time between looks at an object that is as declared");
  run.add_option("--check-jitter", flags.check_jitter,
                 "How much that time varies, in percent, so that objects do not come in step")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  run.add_flag("--auto-heal,!--no-auto-heal", flags.auto_heal,
               "Put right what others change in AWS; a provider and an object may say otherwise")
      ->capture_default_str();
  add_interval(run, "--reconcile-timeout", flags.reconcile_timeout,
               "How long one look at an object may go on sending requests to AWS");
  add_interval(run, "--shutdown-timeout", flags.shutdown_timeout,
               "How long a stop waits for what is under way");
}

void add_tag_flags(CLI::App& run, RunFlags& flags) {
  run.add_option("--cluster-name", flags.cluster,
                 "Name of this cluster in the tags of what is made")
      ->capture_default_str();
  run.add_option("--global-tags", flags.global_tags,
                 "Tags on everything that is made, KEY=VALUE with commas; a provider's and an "
                 "object's win")
      ->delimiter(',');
}

void add_webhook_flags(CLI::App& run, RunFlags& flags) {
  run.add_option("--webhook-port", flags.webhook_port,
                 "Port of the admission webhook, with TLS; 0: none")
      ->capture_default_str();
  auto* folder =
      run.add_option("--webhook-cert-dir", flags.webhook_certificates,
                     "Folder with the webhook's certificate and key, tls.crt and tls.key")
          ->capture_default_str();
  auto& authority = flags.webhook_authority;
  auto* secret = run.add_option("--webhook-secret", authority.secret,
                                "Secret beside the pod in which the operator keeps a certificate "
                                "that it makes itself, and renews")
                     ->excludes(folder);
  auto* configuration =
      run.add_option("--webhook-configuration", authority.configuration,
                     "ValidatingWebhookConfiguration in which it says whom to trust");
  auto* hosts = run.add_option("--webhook-host,--webhook-hosts", authority.hosts,
                               "DNS names and IP addresses that the API server calls it by, "
                               "repeated or with commas")
                    ->delimiter(',');
  run.add_flag("--webhook-refuse-dangers", flags.webhook_refuses.dangers,
               "Whether the webhook refuses what is allowed and seldom meant, such as SSH open to "
               "the world, rather than warn of it");
  run.add_flag("--webhook-refuse-deletion-in-use", flags.webhook_refuses.deletion_in_use,
               "Whether it refuses the deletion of what others still use, rather than warn of it");
  secret->needs(configuration, hosts);
  configuration->needs(secret);
  hosts->needs(secret);
}

}  // namespace

void add_run_flags(CLI::App& run, RunFlags& flags) {
  run.add_option("--kubeconfig", flags.kubeconfig,
                 "Path of a kubeconfig; in a pod, its own account is used without this");
  run.add_option("--context", flags.context, "Context of the kubeconfig; default: the current one");
  run.add_option("--namespace,--namespaces", flags.namespaces,
                 "Namespaces to look after, repeated or with commas; default: all")
      ->delimiter(',');
  add_election_flags(run, flags);
  add_server_flags(run, flags);
  add_work_flags(run, flags);
  add_role_flags(run, flags.pod_role);
  add_grant_flags(run, flags.grants);
  add_tag_flags(run, flags);
  add_webhook_flags(run, flags);
  run.add_option("--definitions", flags.definitions, "Folder with definitions of more kinds");
  add_trace_flags(run, flags);
  add_log_flags(run, flags);
}

}  // namespace infra::app
