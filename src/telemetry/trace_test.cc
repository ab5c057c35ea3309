#include "telemetry/trace.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/clock_for_test.h"

namespace infra::telemetry {
namespace {

class TraceTest : public ::testing::Test {
 protected:
  Tracer tracer(Tracer::Settings settings) {
    return {clock, [this] { return std::uniform_real_distribution<double>(0, 1)(engine); },
            settings, spans};
  }
  static void end_some(Tracer& tracer, std::initializer_list<const char*> names) {
    for (const char* name : names) tracer.end(*tracer.begin_trace(name));
  }
  static std::string names_of(const std::vector<Span>& batch) {
    std::string out;
    for (const Span& span : batch) out += span.name;
    return out;
  }
  double dropped() { return spans.with({"dropped"}).value(); }

  JumpingClock clock;
  std::mt19937_64 engine{7};
  Registry registry;
  CounterFamily<1> spans{registry, "spans", "Spans.", {"result"}};
};

TEST_F(TraceTest, ACallIsAPartOfItsReconcile) {
  Tracer some = tracer({});
  const Span root = *some.begin_trace("reconcile VPC");
  clock.advance(Duration{5});
  const Span call = some.begin_call(root, "EC2/CreateVpc");
  EXPECT_EQ(root.parent_id, "");
  EXPECT_EQ(call.trace_id, root.trace_id);
  EXPECT_EQ(call.parent_id, root.id);
  EXPECT_NE(call.id, root.id);
  EXPECT_EQ(call.start - root.start, Duration{5});
  some.end(call);
  some.end(root);
  EXPECT_EQ(names_of(some.take(10)), "EC2/CreateVpcreconcile VPC");
}

TEST_F(TraceTest, IdsAreHexadecimalOfTheirLengthAndAllDifferent) {
  Tracer some = tracer({});
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const Span span = *some.begin_trace("a");
    EXPECT_EQ(span.trace_id.size(), 32u);
    EXPECT_EQ(span.id.size(), 16u);
    EXPECT_EQ((span.trace_id + span.id).find_first_not_of("0123456789abcdef"), std::string::npos);
    ids.insert(span.trace_id);
    ids.insert(span.id);
  }
  EXPECT_EQ(ids.size(), 2000u);
}

TEST_F(TraceTest, TheHeaderIsThatOfTraceContext) {
  EXPECT_EQ(traceparent({.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", .id = "00f067aa0ba902b7"}),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

TEST_F(TraceTest, AsManyTracesAreKeptAsTheRatioSays) {
  for (const double ratio : {0.0, 0.25, 1.0}) {
    Tracer some = tracer({.ratio = ratio});
    int kept = 0;
    for (int i = 0; i < 10'000; ++i) kept += some.begin_trace("a").has_value() ? 1 : 0;
    EXPECT_NEAR(kept, ratio * 10'000, ratio == 0.25 ? 200 : 0) << ratio;
  }
}

// Whoever samples by the same 56 bits keeps the same traces.
TEST_F(TraceTest, TheEndOfTheIdDecides) {
  Tracer some = tracer({.ratio = 0.5});
  for (int kept = 0; kept < 100;) {
    const auto span = some.begin_trace("a");
    if (!span) continue;
    EXPECT_GE(span->trace_id[18], '8');
    ++kept;
  }
}

TEST_F(TraceTest, OfTooManyTheOldestGoAndAreCounted) {
  Tracer some = tracer({.most = 3});
  end_some(some, {"a", "b", "c", "d", "e"});
  EXPECT_EQ(dropped(), 2);
  EXPECT_EQ(names_of(some.take(10)), "cde");
  EXPECT_EQ(some.waiting(), 0u);
}

TEST_F(TraceTest, WhatIsPutBackIsTheOldestAgain) {
  Tracer some = tracer({.most = 3});
  end_some(some, {"a", "b", "c"});
  auto batch = some.take(2);
  EXPECT_EQ(names_of(batch), "ab");
  end_some(some, {"d"});
  some.put_back(std::move(batch));
  EXPECT_EQ(dropped(), 1);
  EXPECT_EQ(names_of(some.take(10)), "bcd");
}

}  // namespace
}  // namespace infra::telemetry
