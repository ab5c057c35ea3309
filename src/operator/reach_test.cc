#include "operator/reach.h"

#include "aws/crt.h"
#include "aws/embedded.h"
#include "kube/fakes_for_test.h"

namespace infra {
namespace {

const aws::CrtLibrary kCrt;
constexpr const char* kNoVpcs =
    R"(<DescribeVpcsResponse><requestId>r-1</requestId><vpcSet/></DescribeVpcsResponse>)";
constexpr const char* kThrottled =
    R"(<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>m</Message></Error>)"
    R"(</Errors><RequestID>r-2</RequestID></Response>)";

class ReachTest : public kube::Bench {
 protected:
  ReachTest() {
    definition.kind = "Thing";
    definition.plural = "things";
  }

  Reach traced() {
    auto span = *tracer.begin_trace("reconcile Thing");
    root = span;
    return {tracer, std::move(span), transport, clock, config(), store};
  }
  void describe(Reach& reach) {
    const auto watched = reach.watched(cloud);
    Json nothing = JsonObject();
    await(
        watched->call("ec2", "DescribeVpcs", std::move(nothing), reconcile::Cloud::Intent::kRead));
  }
  static std::string attributes_of(const telemetry::Span& span) {
    std::string out;
    for (const auto& [name, value] : span.attributes) {
      const auto* text = std::get_if<std::string>(&value.get());
      out += name + "=" +
             (text != nullptr ? *text : std::to_string(std::get<std::int64_t>(value.get()))) + " ";
    }
    return out;
  }

  telemetry::Registry registry;
  telemetry::CounterFamily<1> spans{registry, "spans", "Spans.", {"result"}};
  double random = 0;
  telemetry::Tracer tracer{clock, [this] { return random += 0.0001; }, {}, spans};
  telemetry::Span root;
  definition::Definition definition;
  WatchedKind kind{definition, client, clock, [] { return 0.5; }, {}};
  kube::EventRecorder events{client, clock, [] { return 0.5; }};
  KubeStore store{client, events, kind};
  std::shared_ptr<AwsCloud> cloud = std::make_shared<AwsCloud>(
      clock,
      std::make_shared<aws::Client>(clock, transport,
                                    std::make_shared<aws::Catalog>(aws::core_document),
                                    std::make_shared<aws::StaticCredentials>(aws::Credentials{
                                        .access_key = "AK", .secret_key = "top-secret"}),
                                    aws::ClientConfig{.region = "eu-west-1"}, [] { return 0.5; }),
      ProviderPolicy{});
};

TEST_F(ReachTest, WhatIsNotTracedGoesTheUsualWay) {
  Reach reach(client, store);
  EXPECT_EQ(&reach.kube(), &client);
  EXPECT_EQ(&reach.store(), &store);
  EXPECT_EQ(reach.watched(cloud), cloud);
  EXPECT_EQ(reach.trace_id(), "");
  reach.end("settled", "", std::nullopt);
  EXPECT_EQ(tracer.waiting(), 0u);
}

TEST_F(ReachTest, RequestsToKubernetesAreParts) {
  Reach reach = traced();
  transport.handler = [](const net::HttpRequest&) { return kube::Reply{.body = "{}"}; };
  await(reach.kube().get(pods, "n", "a"));
  await(reach.store().patch_metadata(
      reconcile::Object(JsonObject{{"metadata", JsonObject{{"name", "a"}, {"namespace", "n"}}}}),
      {}, reconcile::ObjectStore::Check::kAnyVersion));
  const auto parts = tracer.take(10);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "GET pods");
  EXPECT_EQ(parts[1].name, "PATCH things");
  EXPECT_EQ(parts[1].parent_id, root.id);
  EXPECT_EQ(parts[1].trace_id, reach.trace_id());
}

TEST_F(ReachTest, EveryAttemptOfACallToAwsIsAPart) {
  Reach reach = traced();
  transport.script({{.status = 503, .body = kThrottled, .delay = Duration{40}}, {.body = kNoVpcs}});
  describe(reach);
  const auto parts = tracer.take(10);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "EC2/DescribeVpcs");
  EXPECT_EQ(parts[0].parent_id, root.id);
  EXPECT_EQ(parts[0].end - parts[0].start, Duration{40});
  EXPECT_EQ(parts[0].error, "RequestLimitExceeded");
  EXPECT_EQ(attributes_of(parts[0]),
            "rpc.system=aws-api rpc.service=EC2 rpc.method=DescribeVpcs aws.request_id=r-2 "
            "http.response.status_code=503 error.type=RequestLimitExceeded ");
  EXPECT_FALSE(parts[1].error);
  EXPECT_EQ(attributes_of(parts[1]),
            "rpc.system=aws-api rpc.service=EC2 rpc.method=DescribeVpcs "
            "http.response.status_code=200 http.request.resend_count=1 ");
}

TEST_F(ReachTest, AwsHearsNothingOfIt) {
  Reach reach = traced();
  transport.script({{.body = kNoVpcs}});
  describe(reach);
  EXPECT_EQ(net::header(transport.requests.at(0).headers, "traceparent"), "");
}

TEST_F(ReachTest, TheSpanSaysWhatTheReconcileCameTo) {
  Reach reach = traced();
  reach.end("failed", "Denied", "no");
  const auto span = tracer.take(1).at(0);
  EXPECT_EQ(span.id, root.id);
  EXPECT_EQ(attributes_of(span), "infra.outcome=failed infra.reason=Denied ");
  EXPECT_EQ(span.error, "no");
}

}  // namespace
}  // namespace infra
