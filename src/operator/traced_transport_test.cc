#include "operator/traced_transport.h"

#include "kube/fakes_for_test.h"

namespace infra {
namespace {

class TracedTransportTest : public kube::Bench {
 protected:
  telemetry::Span span_of(net::HttpRequest request, kube::Reply reply) {
    transport.script({std::move(reply)});
    await(traced.send(std::move(request), {}));
    return tracer.take(1).at(0);
  }
  static std::string attribute(const telemetry::Span& span, std::string_view key) {
    for (const auto& [name, value] : span.attributes) {
      if (name != key) continue;
      if (const auto* text = std::get_if<std::string>(&value.get())) return *text;
      return std::to_string(std::get<std::int64_t>(value.get()));
    }
    return "";
  }

  telemetry::Registry registry;
  telemetry::CounterFamily<1> spans{registry, "spans", "Spans.", {"result"}};
  double random = 0;
  telemetry::Tracer tracer{clock, [this] { return random += 0.001; }, {}, spans};
  telemetry::Span parent = *tracer.begin_trace("reconcile VPC");
  TracedTransport traced{transport, tracer, parent};
};

TEST_F(TracedTransportTest, ARequestIsASpanThatTheServerHearsOf) {
  const auto span = span_of({.method = "PATCH",
                             .host = "api.test",
                             .port = 6443,
                             .target = "/apis/g/v1/namespaces/n/vpcs/a/status?force=true"},
                            {.delay = Duration{30}});
  EXPECT_EQ(span.name, "PATCH vpcs/status");
  EXPECT_EQ(span.parent_id, parent.id);
  EXPECT_EQ(span.end - span.start, Duration{30});
  EXPECT_FALSE(span.error);
  EXPECT_EQ(attribute(span, "http.request.method"), "PATCH");
  EXPECT_EQ(attribute(span, "url.path"), "/apis/g/v1/namespaces/n/vpcs/a/status");
  EXPECT_EQ(attribute(span, "server.port"), "6443");
  EXPECT_EQ(attribute(span, "http.response.status_code"), "200");
  EXPECT_EQ(net::header(transport.requests[0].headers, "traceparent"),
            telemetry::traceparent(span));
}

TEST_F(TracedTransportTest, ItsNameIsWhatIsAskedForWithoutWhose) {
  const std::pair<const char*, const char*> cases[] = {
      {"/api/v1/namespaces/n/secrets/s", "GET secrets"},
      {"/api/v1/namespaces/n", "GET namespaces"},
      {"/apis/g/v1/vpcs?limit=500", "GET vpcs"},
      {"/apis/g/v1/namespaces/n/vpcs/namespaces", "GET vpcs"},
      {"/version", "GET "},
  };
  for (const auto& [target, name] : cases) {
    EXPECT_EQ(span_of({.target = target}, {}).name, name) << target;
  }
}

TEST_F(TracedTransportTest, ARefusalIsAnErrorOfItsStatus) {
  const auto span = span_of({.target = "/api/v1/namespaces/n/secrets/s"}, {.status = 403});
  EXPECT_EQ(span.error, "");
  EXPECT_EQ(attribute(span, "error.type"), "403");
}

TEST_F(TracedTransportTest, NoAnswerIsAnErrorInWords) {
  const Error refused{.code = Code::kUnavailable, .message = "connection refused"};
  const auto span = span_of({.target = "/api/v1/namespaces/n/secrets/s"}, {.error = refused});
  EXPECT_EQ(span.error, "connection refused");
  EXPECT_EQ(attribute(span, "error.type"), "Unavailable");
}

}  // namespace
}  // namespace infra
