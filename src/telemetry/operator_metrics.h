#pragma once

#include <string>
#include <vector>

#include "telemetry/metrics.h"
#include "telemetry/process_metrics.h"

namespace infra::telemetry {

struct BuildInfo {
  std::string version;
  std::string revision;
};

// Every metric of the operator. Dashboards and alerts use these names, so a name, a type or a
// label never changes; new ones may be added.
//
// resource_type is a kind. Every label has a bounded set of values; the one exception,
// infra_operator_resource_creation_timestamp_seconds with a series per object, is only there when
// asked for.
class Metrics {
 public:
  struct Options {
    bool per_object = false;
  };

  explicit Metrics(const BuildInfo& build) : Metrics(build, Options{}) {}
  Metrics(const BuildInfo& build, Options options);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Shows at zero what is known before the first event: the counters and gauges of `kinds`.
  void preset(const std::vector<std::string>& kinds);
  // The page for /metrics; its content type is Registry::kContentType.
  std::string text() const { return registry_.text(); }

 private:
  // Above the families, which add themselves to it while they are made.
  Registry registry_;
  Registry& per_object_registry(Options options) {
    return options.per_object ? registry_ : hidden_;
  }
  Registry hidden_;

 public:
  const bool per_object;                  // whether series of single objects are shown
  CounterFamily<2> reconcile_total;       // resource_type, result (see kResults)
  HistogramFamily<1> reconcile_duration;  // resource_type
  CounterFamily<2> reconcile_errors;      // resource_type, error_type (an infra::Code)
  GaugeFamily<2> resources;               // resource_type, status (ready, notready)
  // resource_type, resource_namespace, resource_name
  GaugeFamily<3> resource_creation_timestamp;

  CounterFamily<3> aws_api_calls;            // service, operation, result (success, error)
  HistogramFamily<2> aws_api_call_duration;  // service, operation
  CounterFamily<3> aws_api_errors;           // service, operation, error_code (AWS's own)
  CounterFamily<2> aws_api_throttles;        // service, operation
  // account, region, service, operation; of what AWS has throttled
  GaugeFamily<4> aws_budget_rate;
  GaugeFamily<4> aws_budget_waiting;

  CounterFamily<2> drift_detected;              // resource_type, severity (see kSeverities)
  CounterFamily<1> drift_healed;                // resource_type
  CounterFamily<2> drift_healing_failures;      // resource_type, error_type
  HistogramFamily<1> drift_detection_duration;  // resource_type

  CounterFamily<1> change_events;  // result (see kEventResults)

  HistogramFamily<1> finalizer_duration;  // resource_type
  CounterFamily<2> finalizer_errors;      // resource_type, error_type

  GaugeFamily<3> provider_ready;                   // provider_namespace, provider_name, region
  CounterFamily<2> provider_credential_rotations;  // provider_namespace, provider_name

  GaugeFamily<1> shards_held;       // shard; only those that are
  GaugeFamily<1> workqueue_depth;   // resource_type
  CounterFamily<1> workqueue_adds;  // resource_type
  CounterFamily<1> cache_hits;      // resource_type
  CounterFamily<1> cache_misses;    // resource_type

  CounterFamily<1> trace_spans;        // result (exported, dropped); empty without tracing
  CounterFamily<2> admission_reviews;  // resource_type, result (see kReviewResults)
  HistogramFamily<1> admission_review_duration;  // resource_type

  GaugeFamily<2> build_info;  // version, revision
  ProcessMetrics process;

  // Values of the label result of reconcile_total, one for each kind of outcome.
  static const std::vector<std::string> kResults;
  // And of admission_reviews; what cannot be read is of resource_type "unknown".
  static const std::vector<std::string> kReviewResults;
  // And of change_events: an object of ours was concerned, or none; nothing was changed, or by us;
  // it was no event of the provider's account.
  static const std::vector<std::string> kEventResults;
  // Values of the label severity of drift_detected: only tags differ, or more.
  static const std::vector<std::string> kSeverities;
};

}  // namespace infra::telemetry
