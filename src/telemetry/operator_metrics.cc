#include "telemetry/operator_metrics.h"

#include "base/error.h"

namespace infra::telemetry {
namespace {

// A reconcile is one or two AWS calls when nothing changes and minutes when a create is slow.
Histogram::Options reconcile_buckets() {
  return {{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}};
}

Histogram::Options call_buckets() {
  return {{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}};
}

// Counts from a first attempt to delete until AWS says that the resource is gone.
Histogram::Options finalizer_buckets() {
  return {{0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800}};
}

// Nothing is waited for: what takes long is only a large document.
Histogram::Options review_buckets() {
  return {{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05}};
}

std::vector<std::string> error_types() {
  std::vector<std::string> names;
  for (const Code code :
       {Code::kNotFound, Code::kAlreadyExists, Code::kConflict, Code::kBusy, Code::kInvalid,
        Code::kDenied, Code::kUnauthenticated, Code::kThrottled, Code::kUnavailable,
        Code::kDeadline, Code::kBlocked, Code::kExpired, Code::kCancelled, Code::kInternal}) {
    names.emplace_back(to_string(code));
  }
  return names;
}

}  // namespace

const std::vector<std::string> Metrics::kResults = {"settled", "waiting", "blocked", "failed",
                                                    "gone"};
const std::vector<std::string> Metrics::kSeverities = {"low", "high"};

const std::vector<std::string> Metrics::kReviewResults = {"allowed", "warned", "denied",
                                                          "malformed"};

const std::vector<std::string> Metrics::kEventResults = {"matched", "unmatched", "ignored",
                                                         "refused"};

Metrics::Metrics(const BuildInfo& build, Options options)
    : per_object(options.per_object),
      reconcile_total(registry_, "infra_operator_reconcile_total",
                      "Finished reconciles by outcome.", {"resource_type", "result"}),
      reconcile_duration(registry_, "infra_operator_reconcile_duration_seconds",
                         "How long one reconcile took.", {"resource_type"}, reconcile_buckets()),
      reconcile_errors(registry_, "infra_operator_reconcile_errors_total",
                       "Reconciles that failed, by what can be done about it.",
                       {"resource_type", "error_type"}),
      resources(registry_, "infra_operator_resources_total",
                "Objects in the cluster, by whether they are ready.", {"resource_type", "status"}),
      resource_creation_timestamp(per_object_registry(options),
                                  "infra_operator_resource_creation_timestamp_seconds",
                                  "When the object was created, in Unix time.",
                                  {"resource_type", "resource_namespace", "resource_name"}),
      aws_api_calls(registry_, "infra_operator_aws_api_calls_total", "Calls made to AWS.",
                    {"service", "operation", "result"}),
      aws_api_call_duration(registry_, "infra_operator_aws_api_call_duration_seconds",
                            "How long AWS took to answer one call.", {"service", "operation"},
                            call_buckets()),
      aws_api_errors(registry_, "infra_operator_aws_api_errors_total",
                     "Calls that AWS answered with an error.",
                     {"service", "operation", "error_code"}),
      aws_api_throttles(registry_, "infra_operator_aws_api_throttles_total",
                        "Calls that AWS refused for their rate.", {"service", "operation"}),
      aws_budget_rate(registry_, "infra_operator_aws_budget_requests_per_second",
                      "How many requests are made at most, where AWS has throttled lately.",
                      {"account", "region", "service", "operation"}),
      aws_budget_waiting(registry_, "infra_operator_aws_budget_waiting",
                         "Calls that wait for their turn.",
                         {"account", "region", "service", "operation"}),
      drift_detected(registry_, "infra_operator_drift_detected_total",
                     "Differences found that nobody declared.", {"resource_type", "severity"}),
      drift_healed(registry_, "infra_operator_drift_healed_total",
                   "Differences that were put right.", {"resource_type"}),
      drift_healing_failures(registry_, "infra_operator_drift_healing_failures_total",
                             "Differences that could not be put right.",
                             {"resource_type", "error_type"}),
      drift_detection_duration(registry_, "infra_operator_drift_detection_duration_seconds",
                               "How long it took to compare an object with AWS.", {"resource_type"},
                               reconcile_buckets()),
      change_events(registry_, "infra_operator_change_events_total",
                    "Messages from queues of changes, by what came of them.", {"result"}),
      finalizer_duration(registry_, "infra_operator_finalizer_duration_seconds",
                         "How long a deletion took until the resource was gone.", {"resource_type"},
                         finalizer_buckets()),
      finalizer_errors(registry_, "infra_operator_finalizer_errors_total", "Deletions that failed.",
                       {"resource_type", "error_type"}),
      provider_ready(registry_, "infra_operator_provider_ready",
                     "1 if the provider's credentials work, else 0.",
                     {"provider_namespace", "provider_name", "region"}),
      provider_credential_rotations(registry_, "infra_operator_provider_credential_rotations_total",
                                    "Times that a provider got new credentials.",
                                    {"provider_namespace", "provider_name"}),
      shards_held(registry_, "infra_operator_shards_held",
                  "The parts of the work that this process does.", {"shard"}),
      workqueue_depth(registry_, "infra_operator_workqueue_depth", "Objects waiting for a worker.",
                      {"resource_type"}),
      workqueue_adds(registry_, "infra_operator_workqueue_adds_total",
                     "Objects put into the queue.", {"resource_type"}),
      cache_hits(registry_, "infra_operator_cache_hits_total",
                 "Observations answered without a call to AWS.", {"resource_type"}),
      cache_misses(registry_, "infra_operator_cache_misses_total",
                   "Observations that needed a call to AWS.", {"resource_type"}),
      trace_spans(registry_, "infra_operator_trace_spans_total",
                  "Spans that a collector took, and those that were lost.", {"result"}),
      admission_reviews(registry_, "infra_operator_admission_reviews_total",
                        "Admission reviews answered, by what was said.",
                        {"resource_type", "result"}),
      admission_review_duration(registry_, "infra_operator_admission_review_duration_seconds",
                                "How long it took to judge one admission review.",
                                {"resource_type"}, review_buckets()),
      build_info(registry_, "infra_operator_build_info",
                 "Always 1; the labels say what is running.", {"version", "revision"}),
      process(registry_) {
  build_info.with({build.version, build.revision}).set(1);
}

void Metrics::preset(const std::vector<std::string>& kinds) {
  const std::vector<std::string> errors = error_types();
  reconcile_total.preset({kinds, kResults});
  reconcile_errors.preset({kinds, errors});
  resources.preset({kinds, {"ready", "notready"}});
  drift_detected.preset({kinds, kSeverities});
  drift_healed.preset({kinds});
  drift_healing_failures.preset({kinds, errors});
  change_events.preset({kEventResults});
  finalizer_errors.preset({kinds, errors});
  workqueue_depth.preset({kinds});
  workqueue_adds.preset({kinds});
  cache_hits.preset({kinds});
  cache_misses.preset({kinds});
  admission_reviews.preset({kinds, kReviewResults});
}

}  // namespace infra::telemetry
