#include "telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace infra::telemetry {
namespace {

TEST(Counter, CountsPerLabelsAndNeverFalls) {
  Registry registry;
  CounterFamily<2> total(registry, "calls_total", "Calls.", {"kind", "result"});
  const std::string kind = "VPC";
  total.with({kind, "ok"}).inc();
  total.with({kind, "ok"}).inc(2.5);
  total.with({kind, "ok"}).inc(-7);
  total.with({kind, "ok"}).inc(std::numeric_limits<double>::quiet_NaN());
  total.with({"A", "bad"}).inc();
  EXPECT_EQ(registry.text(),
            "# HELP calls_total Calls.\n"
            "# TYPE calls_total counter\n"
            "calls_total{kind=\"A\",result=\"bad\"} 1\n"
            "calls_total{kind=\"VPC\",result=\"ok\"} 3.5\n");
}

TEST(Gauge, GoesUpAndDownAndMayBeRemoved) {
  Registry registry;
  GaugeFamily<1> depth(registry, "depth", "Depth.", {"kind"});
  Gauge& vpc = depth.with({"VPC"});
  vpc.set(5);
  vpc.inc();
  vpc.dec(2);
  depth.with({"Gone"}).set(1);
  depth.remove({"Gone"});
  EXPECT_EQ(registry.text(), "# HELP depth Depth.\n# TYPE depth gauge\ndepth{kind=\"VPC\"} 4\n");
  depth.clear();
  EXPECT_EQ(registry.text(), "# HELP depth Depth.\n# TYPE depth gauge\n");
}

TEST(Histogram, BucketsAreCumulativeAndIncludeTheirBound) {
  Registry registry;
  HistogramFamily<1> took(registry, "took_seconds", "Time.", {"op"}, {{0.1, 1, 2.5}});
  Histogram& get = took.with({"get"});
  for (const double value : {0.05, 0.1, 0.5, 2.5, 100.0}) get.observe(value);
  get.observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(registry.text(),
            "# HELP took_seconds Time.\n"
            "# TYPE took_seconds histogram\n"
            "took_seconds_bucket{op=\"get\",le=\"0.1\"} 2\n"
            "took_seconds_bucket{op=\"get\",le=\"1\"} 3\n"
            "took_seconds_bucket{op=\"get\",le=\"2.5\"} 4\n"
            "took_seconds_bucket{op=\"get\",le=\"+Inf\"} 5\n"
            "took_seconds_sum{op=\"get\"} 103.15\n"
            "took_seconds_count{op=\"get\"} 5\n");
}

TEST(Family, EscapesLabelValuesAndHelp) {
  Registry registry;
  GaugeFamily<1> odd(registry, "odd", "a\\b\n\"c\"", {"v"});
  odd.with({"x\\y\n\"z\""}).set(1);
  EXPECT_EQ(registry.text(),
            "# HELP odd a\\\\b\\n\"c\"\n"
            "# TYPE odd gauge\n"
            "odd{v=\"x\\\\y\\n\\\"z\\\"\"} 1\n");
}

TEST(Family, LabelValuesThatJoinToTheSameTextStayApart) {
  Registry registry;
  CounterFamily<2> total(registry, "t", "T.", {"a", "b"});
  total.with({"x,", "y"}).inc();
  EXPECT_EQ(total.with({"x", ",y"}).value(), 0);
}

TEST(Family, PresetShowsEveryCombinationAtZeroAndKeepsCounts) {
  Registry registry;
  CounterFamily<2> total(registry, "t", "T.", {"a", "b"});
  total.with({"x", "1"}).inc();
  total.preset({{"x", "y"}, {"1", "2"}});
  EXPECT_EQ(registry.text(),
            "# HELP t T.\n# TYPE t counter\n"
            "t{a=\"x\",b=\"1\"} 1\nt{a=\"x\",b=\"2\"} 0\n"
            "t{a=\"y\",b=\"1\"} 0\nt{a=\"y\",b=\"2\"} 0\n");
}

TEST(Family, AReferenceStaysGoodWhileOthersAreAdded) {
  Registry registry;
  CounterFamily<1> total(registry, "t", "T.", {"a"});
  Counter& first = total.with({"m"});
  for (int i = 0; i < 1000; ++i) total.with({std::to_string(i)}).inc();
  first.inc();
  EXPECT_EQ(total.with({"m"}).value(), 1);
}

TEST(MetricsWriter, WritesNumbersAsPrometheusReadsThem) {
  MetricsWriter writer;
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {1e15, 1e300, -2.0, 0.1, infinity, -infinity, std::nan("")}) {
    writer.sample("v", {}, {}, value);
  }
  EXPECT_EQ(writer.take(), "v 1000000000000000\nv 1e+300\nv -2\nv 0.1\nv +Inf\nv -Inf\nv NaN\n");
}

}  // namespace
}  // namespace infra::telemetry
