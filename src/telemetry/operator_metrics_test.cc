#include "telemetry/operator_metrics.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <ctime>
#include <set>
#include <sstream>

namespace infra::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

std::set<std::string> type_lines(const std::string& page) {
  std::set<std::string> found;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE infra_")) found.insert(line.substr(7));
  }
  return found;
}

double value_of(const std::string& page, const std::string& name) {
  const std::size_t at = page.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2));
}

TEST(Metrics, HasTheNamesAndTypesThatDashboardsUse) {
  const Metrics metrics({"1.0.0", "abc"});
  const std::string p = "infra_operator_";
  EXPECT_EQ(type_lines(metrics.text()),
            (std::set<std::string>{p + "reconcile_total counter",
                                   p + "reconcile_duration_seconds histogram",
                                   p + "reconcile_errors_total counter",
                                   p + "resources_total gauge",
                                   p + "aws_api_calls_total counter",
                                   p + "aws_api_call_duration_seconds histogram",
                                   p + "aws_api_errors_total counter",
                                   p + "aws_api_throttles_total counter",
                                   p + "aws_budget_requests_per_second gauge",
                                   p + "aws_budget_waiting gauge",
                                   p + "drift_detected_total counter",
                                   p + "drift_healed_total counter",
                                   p + "drift_healing_failures_total counter",
                                   p + "drift_detection_duration_seconds histogram",
                                   p + "change_events_total counter",
                                   p + "finalizer_duration_seconds histogram",
                                   p + "finalizer_errors_total counter",
                                   p + "provider_ready gauge",
                                   p + "provider_credential_rotations_total counter",
                                   p + "shards_held gauge",
                                   p + "workqueue_depth gauge",
                                   p + "workqueue_adds_total counter",
                                   p + "cache_hits_total counter",
                                   p + "cache_misses_total counter",
                                   p + "trace_spans_total counter",
                                   p + "admission_reviews_total counter",
                                   p + "admission_review_duration_seconds histogram",
                                   p + "build_info gauge"}));
}

TEST(Metrics, HasTheLabelsThatDashboardsUse) {
  Metrics metrics({"1.0.0", "abc"});
  metrics.reconcile_total.with({"k", "r"});
  metrics.reconcile_duration.with({"k"});
  metrics.reconcile_errors.with({"k", "e"});
  metrics.resources.with({"k", "ready"});
  metrics.aws_api_calls.with({"s", "o", "r"});
  metrics.aws_api_call_duration.with({"s", "o"});
  metrics.aws_api_errors.with({"s", "o", "e"});
  metrics.aws_api_throttles.with({"s", "o"});
  metrics.aws_budget_rate.with({"a", "r", "s", "o"});
  metrics.aws_budget_waiting.with({"a", "r", "s", "o"});
  metrics.drift_detected.with({"k", "v"});
  metrics.drift_healed.with({"k"});
  metrics.drift_healing_failures.with({"k", "e"});
  metrics.drift_detection_duration.with({"k"});
  metrics.change_events.with({"r"});
  metrics.finalizer_duration.with({"k"});
  metrics.finalizer_errors.with({"k", "e"});
  metrics.provider_ready.with({"n", "p", "g"});
  metrics.provider_credential_rotations.with({"n", "p"});
  metrics.shards_held.with({"0"});
  metrics.workqueue_depth.with({"k"});
  metrics.workqueue_adds.with({"k"});
  metrics.cache_hits.with({"k"});
  metrics.cache_misses.with({"k"});
  metrics.trace_spans.with({"r"});
  metrics.admission_reviews.with({"k", "r"});
  metrics.admission_review_duration.with({"k"});
  const std::string page = metrics.text();
  for (const char* series : {
           "reconcile_total{resource_type=\"k\",result=\"r\"} 0",
           "reconcile_duration_seconds_count{resource_type=\"k\"} 0",
           "reconcile_errors_total{resource_type=\"k\",error_type=\"e\"} 0",
           "resources_total{resource_type=\"k\",status=\"ready\"} 0",
           "aws_api_calls_total{service=\"s\",operation=\"o\",result=\"r\"} 0",
           "aws_api_call_duration_seconds_count{service=\"s\",operation=\"o\"} 0",
           "aws_api_errors_total{service=\"s\",operation=\"o\",error_code=\"e\"} 0",
           "aws_api_throttles_total{service=\"s\",operation=\"o\"} 0",
           "aws_budget_requests_per_second{account=\"a\",region=\"r\",service=\"s\",operation="
           "\"o\"} 0",
           "aws_budget_waiting{account=\"a\",region=\"r\",service=\"s\",operation=\"o\"} 0",
           "drift_detected_total{resource_type=\"k\",severity=\"v\"} 0",
           "drift_healed_total{resource_type=\"k\"} 0",
           "drift_healing_failures_total{resource_type=\"k\",error_type=\"e\"} 0",
           "drift_detection_duration_seconds_count{resource_type=\"k\"} 0",
           "change_events_total{result=\"r\"} 0",
           "finalizer_duration_seconds_count{resource_type=\"k\"} 0",
           "finalizer_errors_total{resource_type=\"k\",error_type=\"e\"} 0",
           "provider_ready{provider_namespace=\"n\",provider_name=\"p\",region=\"g\"} 0",
           "provider_credential_rotations_total{provider_namespace=\"n\",provider_name=\"p\"} 0",
           "shards_held{shard=\"0\"} 0",
           "workqueue_depth{resource_type=\"k\"} 0",
           "workqueue_adds_total{resource_type=\"k\"} 0",
           "cache_hits_total{resource_type=\"k\"} 0",
           "cache_misses_total{resource_type=\"k\"} 0",
           "trace_spans_total{result=\"r\"} 0",
           "admission_reviews_total{resource_type=\"k\",result=\"r\"} 0",
           "admission_review_duration_seconds_count{resource_type=\"k\"} 0",
           "build_info{version=\"1.0.0\",revision=\"abc\"} 1",
       }) {
    EXPECT_THAT(page, HasSubstr(std::string("\ninfra_operator_") + series + "\n"));
  }
}

TEST(Metrics, ASeriesPerObjectIsOnlyThereWhenAskedFor) {
  Metrics plain({"1", "a"});
  plain.resource_creation_timestamp.with({"VPC", "n", "a"}).set(1);
  EXPECT_THAT(plain.text(), Not(HasSubstr("resource_creation_timestamp")));
  Metrics per_object({"1", "a"}, {.per_object = true});
  per_object.resource_creation_timestamp.with({"VPC", "n", "a"}).set(1'767'323'045);
  EXPECT_THAT(per_object.text(),
              HasSubstr("\ninfra_operator_resource_creation_timestamp_seconds{"
                        "resource_type=\"VPC\",resource_namespace=\"n\",resource_name=\"a\"} "
                        "1767323045\n"));
}

TEST(Metrics, PresetShowsKindsAtZero) {
  Metrics metrics({"1", "a"});
  metrics.preset({"VPC", "S3Bucket"});
  const std::string page = metrics.text();
  EXPECT_THAT(page, HasSubstr("reconcile_total{resource_type=\"S3Bucket\",result=\"failed\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("resources_total{resource_type=\"VPC\",status=\"notready\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("reconcile_errors_total{resource_type=\"VPC\","
                              "error_type=\"Throttled\"} 0\n"));
}

TEST(ProcessMetrics, TellsTheTruthAboutThisProcess) {
  const Metrics metrics({"1", "a"});
  const std::string page = metrics.text();
  EXPECT_GT(value_of(page, "process_resident_memory_bytes"), 1e6);
  EXPECT_LT(value_of(page, "process_resident_memory_bytes"), 1e10);
  EXPECT_GE(value_of(page, "process_cpu_seconds_total"), 0);
  const double age =
      static_cast<double>(std::time(nullptr)) - value_of(page, "process_start_time_seconds");
  EXPECT_GT(age, -5);
  EXPECT_LT(age, 3600);
}

TEST(ProcessMetrics, CountsOpenFiles) {
  const Metrics metrics({"1", "a"});
  const double before = value_of(metrics.text(), "process_open_fds");
  const int extra = dup(0);
  ASSERT_GE(extra, 0);
  EXPECT_EQ(value_of(metrics.text(), "process_open_fds"), before + 1);
  close(extra);
}

}  // namespace
}  // namespace infra::telemetry
