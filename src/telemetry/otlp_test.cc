#include "telemetry/otlp.h"

#include <gtest/gtest.h>

#include "base/clock_for_test.h"
#include "base/json.h"

namespace infra::telemetry {
namespace {

Span a_span() {
  return {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
          .id = "00f067aa0ba902b7",
          .name = "reconcile VPC",
          .start = kTestStart,
          .end = kTestStart + std::chrono::nanoseconds(7)};
}

Json json_of(const Span& span) {
  const Json whole =
      parse_json(otlp_json({{"service.name", "infra-operator"}}, {&span, 1})).value();
  return whole.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").at(0);
}

TEST(Otlp, SaysWhoseSpansTheyAre) {
  const Json whole = parse_json(otlp_json({{"service.name", "infra-operator"}}, {})).value();
  EXPECT_EQ(canonical(whole.at("resourceSpans").at(0).at("resource")),
            R"({"attributes":[{"key":"service.name","value":{"stringValue":"infra-operator"}}]})");
}

TEST(Otlp, ARootHasNoParentAndNoStatus) {
  EXPECT_EQ(canonical(json_of(a_span())),
            R"({"attributes":[],"endTimeUnixNano":"1800000000000000007","kind":1,)"
            R"("name":"reconcile VPC","spanId":"00f067aa0ba902b7",)"
            R"("startTimeUnixNano":"1800000000000000000",)"
            R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736"})");
}

TEST(Otlp, ACallHasAParentAndItsKind) {
  Span call = a_span();
  call.parent_id = "00f067aa0ba902b8";
  call.kind = SpanKind::kClient;
  EXPECT_EQ(text_at(json_of(call), "parentSpanId"), "00f067aa0ba902b8");
  EXPECT_EQ(json_of(call).at("kind"), 3);
}

TEST(Otlp, AttributesKeepTheirTypes) {
  Span span = a_span();
  span.attributes = {{"text", "a"}, {"number", 200}, {"part", 0.5}, {"flag", true}};
  EXPECT_TRUE(same(json_of(span).at("attributes"),
                   parse_json(R"([{"key":"text","value":{"stringValue":"a"}},)"
                              R"({"key":"number","value":{"intValue":"200"}},)"
                              R"({"key":"part","value":{"doubleValue":0.5}},)"
                              R"({"key":"flag","value":{"boolValue":true}}])")
                       .value()));
}

TEST(Otlp, AnErrorHasItsWordsIfThereAreAny) {
  Span span = a_span();
  span.error = "UnauthorizedOperation";
  EXPECT_EQ(canonical(json_of(span).at("status")),
            R"({"code":2,"message":"UnauthorizedOperation"})");
  span.error = "";
  EXPECT_EQ(canonical(json_of(span).at("status")), R"({"code":2})");
}

// One bad text would have the whole batch refused.
TEST(Otlp, TextsAreShortAndUtf8) {
  Span span = a_span();
  span.error = "bad \xFF";
  EXPECT_EQ(text_at(json_of(span), "status.message"), "(no UTF-8)");
  span.error = std::string(5000, 'a');
  EXPECT_EQ(text_at(json_of(span), "status.message").size(), 1024u);
}

}  // namespace
}  // namespace infra::telemetry
