#include "operator/trace_exporter.h"

#include <gmock/gmock.h>

#include <sstream>

#include "kube/fakes_for_test.h"
#include "operator/times_in_for_test.h"

namespace infra {
namespace {

using testing::HasSubstr;
using testing::Not;

class TraceExporterTest : public kube::Bench {
 protected:
  TraceExporterTest() { spawn(exporter.run()); }

  void end_spans(int count) {
    for (int i = 0; i < count; ++i) tracer.end(*tracer.begin_trace("a"));
  }
  // Runs until the collector was asked so often; gives back after how long.
  Duration until_asked(std::size_t times) {
    const SteadyTime started = clock.steady();
    EXPECT_TRUE(run_until([&] { return transport.requests.size() >= times; }));
    settle();
    return std::chrono::duration_cast<Duration>(clock.steady() - started);
  }
  void settle() {
    io.restart();
    io.poll();
  }
  double count(const std::string& result) { return spans.with({result}).value(); }
  std::size_t lines(const std::string& text) { return times_in(log_text.str(), text); }

  telemetry::Registry registry;
  telemetry::CounterFamily<1> spans{registry, "spans", "Spans.", {"result"}};
  std::ostringstream log_text;
  telemetry::Logger log{log_text, telemetry::Level::kInfo, telemetry::Format::kJson, clock};
  double random = 0;
  telemetry::Tracer tracer{clock, [this] { return random += 0.000001; }, {.most = 1000}, spans};
  TraceExporter exporter{transport,
                         clock,
                         [] { return 0.0; },
                         tracer,
                         {.endpoint = *traces_endpoint("http://collector:4318"),
                          .headers = {{"api-key", "top-secret"}},
                          .resource = {{"service.name", "infra-operator"}}},
                         log};
};

TEST_F(TraceExporterTest, SendsWhatHasEndedEveryTwoSeconds) {
  transport.script({{.body = "{}"}, {.body = "{}"}});
  end_spans(3);
  EXPECT_EQ(until_asked(1), Duration{2'000});
  const auto& request = transport.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.host, "collector");
  EXPECT_EQ(request.port, 4318);
  EXPECT_EQ(request.target, "/v1/traces");
  EXPECT_EQ(net::header(request.headers, "Content-Type"), "application/json");
  EXPECT_EQ(net::header(request.headers, "api-key"), "top-secret");
  EXPECT_THAT(request.body, HasSubstr(R"("stringValue":"infra-operator")"));
  EXPECT_EQ(count("exported"), 3);
  end_spans(1);
  EXPECT_EQ(until_asked(2), Duration{2'000});
  EXPECT_EQ(count("exported"), 4);
}

TEST_F(TraceExporterTest, SendsNothingWhenThereIsNothing) {
  run_until([] { return false; }, 10);
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(TraceExporterTest, ManySpansGoInSeveralRequestsAtOnce) {
  transport.script({{.body = "{}"}, {.body = "{}"}});
  end_spans(700);
  EXPECT_EQ(until_asked(2), Duration{2'000});
  EXPECT_EQ(count("exported"), 700);
}

TEST_F(TraceExporterTest, NothingIsLostOfWhatTheCollectorWantsLater) {
  for (const int status : {429, 502, 503, 504}) {
    transport.requests.clear();
    transport.script({{.status = status}, {.body = "{}"}});
    end_spans(2);
    until_asked(2);
    EXPECT_EQ(transport.requests.at(0).body, transport.requests.at(1).body) << status;
  }
  EXPECT_EQ(count("exported"), 8);
  EXPECT_EQ(count("dropped"), 0);
}

TEST_F(TraceExporterTest, ItComesAsLateAsItIsAskedTo) {
  transport.script({{.status = 429, .headers = {{"Retry-After", "60"}}}, {.body = "{}"}});
  end_spans(1);
  EXPECT_EQ(until_asked(2), Duration{62'000});
}

TEST_F(TraceExporterTest, PausesGrow) {
  transport.handler = [](const net::HttpRequest&) { return kube::Reply{.status = 503}; };
  end_spans(1);
  std::vector<Duration> pauses;
  for (std::size_t i = 1; i <= 6; ++i) pauses.push_back(until_asked(i));
  EXPECT_EQ(pauses, (std::vector<Duration>{Duration{2'000}, Duration{2'000}, Duration{4'000},
                                           Duration{8'000}, Duration{16'000}, Duration{16'000}}));
}

TEST_F(TraceExporterTest, WhatTheCollectorRefusesIsLostAndCounted) {
  transport.script({{.status = 400, .body = "bad"}, {.body = "{}"}});
  end_spans(600);
  until_asked(2);
  EXPECT_EQ(count("dropped"), 512);
  EXPECT_EQ(count("exported"), 88);
}

TEST_F(TraceExporterTest, APartMayBeRefused) {
  transport.script(
      {{.body = R"({"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}})"}});
  end_spans(5);
  until_asked(1);
  EXPECT_EQ(count("dropped"), 2);
  EXPECT_EQ(count("exported"), 3);
  EXPECT_THAT(log_text.str(), HasSubstr("refused 2 of 5 spans: too old"));
}

TEST_F(TraceExporterTest, WhileNobodyAnswersTheOldestAreDropped) {
  transport.handler = [](const net::HttpRequest&) {
    return kube::Reply{.error = Error{.code = Code::kUnavailable, .message = "refused"}};
  };
  end_spans(1000);
  until_asked(1);
  end_spans(10);
  EXPECT_EQ(count("dropped"), 10);
  EXPECT_EQ(tracer.waiting(), 1000u);
}

TEST_F(TraceExporterTest, SaysOnceThatItFailsAndOnceThatItWorksAgain) {
  transport.script({{.status = 503}, {.status = 503}, {.status = 401}, {.body = "{}"}});
  end_spans(1);
  until_asked(3);
  end_spans(1);
  until_asked(4);
  EXPECT_EQ(lines("cannot send traces"), 1u);
  EXPECT_EQ(lines("traces are sent again"), 1u);
  EXPECT_THAT(log_text.str(), Not(HasSubstr("top-secret")));
}

TEST_F(TraceExporterTest, TellsWhereToLook) {
  transport.script({{.status = 401}});
  end_spans(1);
  until_asked(1);
  EXPECT_THAT(log_text.str(), HasSubstr("the collector answered 401; check the token in "
                                        "OTEL_EXPORTER_OTLP_HEADERS"));
}

TEST_F(TraceExporterTest, AStopSendsWhatThereIs) {
  settle();
  transport.script({{.body = "{}", .delay = Duration{300}}});
  end_spans(2);
  spawn(exporter.drain(Duration{2'000}));
  EXPECT_LT(until_asked(1), Duration{100});
  run_until([this] { return count("exported") > 0; });
  EXPECT_EQ(count("exported"), 2);
  EXPECT_EQ(lines("were not sent"), 0u);
}

TEST_F(TraceExporterTest, AStopDoesNotWaitForACollectorThatTakesNothing) {
  transport.script({{.status = 503}});
  end_spans(2);
  until_asked(1);
  const SteadyTime before = clock.steady();
  spawn(exporter.drain(Duration{2'000}));
  settle();
  EXPECT_EQ(clock.steady(), before);
  EXPECT_EQ(lines("were not sent"), 1u);
}

TEST(TracesEndpoint, IsBelowTheUrlUnlessItIsThatAlready) {
  for (const char* url : {"http://c:4318", "http://c:4318/", "http://c:4318/v1/traces"}) {
    EXPECT_EQ(traces_endpoint(url)->path, "/v1/traces") << url;
  }
  EXPECT_EQ(traces_endpoint("https://vendor.test/otlp")->path, "/otlp/v1/traces");
  EXPECT_FALSE(traces_endpoint("collector:4318"));
}

TEST(OtlpHeaders, AreNamesAndPercentEncodedValues) {
  EXPECT_EQ(*parse_otlp_headers("api-key=a%20b=c, x=y"),
            (net::Headers{{"api-key", "a b=c"}, {"x", "y"}}));
  EXPECT_TRUE(parse_otlp_headers("")->empty());
}

TEST(OtlpHeaders, BadOnesAreRefusedWithoutShowingThem) {
  for (const char* text :
       {"a=b,top-secret", "a=b,top secret=c", "a=b,=top-secret", "a=b,c=top-secret%0D%0AHost: d"}) {
    const auto read = parse_otlp_headers(text);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("item 2 of OTEL_EXPORTER_OTLP_HEADERS"));
    EXPECT_THAT(read.error().message, Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace infra
