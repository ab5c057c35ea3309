#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admission/judge.h"
#include "base/clock.h"
#include "kube/leader_elector.h"
#include "operator/operator.h"
#include "operator/webhook_authority.h"

namespace infra::app {

// What `infra-operator run` is told; the values here are those without any flag.
struct RunFlags {
  std::string kubeconfig, context;
  std::vector<std::string> namespaces;
  bool leader_elect = true;
  kube::LeaseSettings lease;
  int shards = 1;
  std::string metrics_address = ":8080";
  bool metrics_per_object = false;
  std::string health_address = ":8081";
  std::size_t most_at_once = 10;
  Duration check_interval{300'000};
  int check_jitter = 10;  // percent
  Duration reconcile_timeout{600'000};
  bool auto_heal = true;
  Duration shutdown_timeout{20'000};
  PodRole pod_role;
  ProviderGrants grants;
  std::string cluster = "kubernetes";
  std::vector<std::string> global_tags;  // KEY=VALUE
  std::uint16_t webhook_port = 0;        // 0: no webhook
  std::string webhook_certificates = "/tmp/k8s-webhook-server/serving-certs";
  admission::Strictness webhook_refuses;
  WebhookAuthoritySettings webhook_authority;  // without a Secret: the certificate is in the folder
  std::string definitions;
  std::string otlp_endpoint;  // empty: no traces
  double trace_sampling = 1;
  std::string log_level = "info";
  std::string log_format = "json";
  std::optional<std::uint64_t> log_sampling_initial;
  std::uint64_t log_sampling_thereafter = 100;
};

// Adds the flags of `infra-operator run`, which fill `flags`.
void add_run_flags(CLI::App& run, RunFlags& flags);

}  // namespace infra::app
