#include "operator/webhook.h"

#include <gmock/gmock.h>

#include <boost/asio/ssl.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "definition/loader.h"
#include "kube/fakes_for_test.h"
#include "net/identity_for_test.h"

namespace infra {
namespace {

using testing::HasSubstr;

constexpr const char* kBucket = R"({
  "metadata": {"namespace": "n", "name": "first", "uid": "u", "resourceVersion": "1"},
  "spec": {"providerRef": {"name": "aws"}, "bucketName": "logs"}})";

class WebhookTest : public kube::Bench {
 protected:
  WebhookTest() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    definitions = *definition::load_embedded();
    transport.handler = [](const net::HttpRequest& request) { return reply(request); };
  }

  // One bucket; watches stay silent.
  static kube::Reply reply(const net::HttpRequest& request) {
    if (request.target.find("watch=true") != std::string::npos) return {.hang = true};
    const bool buckets = request.target.find("/s3buckets") != std::string::npos;
    const std::string items = buckets ? kBucket : "";
    return {.body = R"({"metadata": {"resourceVersion": "5"}, "items": [)" + items + "]}"};
  }

  void put_certificate() {
    const auto identity = net::make_identity("DNS:webhook.test");
    std::ofstream(folder + "/tls.crt") << identity.certificate;
    std::ofstream(folder + "/tls.key") << identity.key;
  }

  net::HttpResponse post(std::string body, std::string target = "/validate?timeout=10s") {
    net::HttpRequest request{.method = "POST", .target = std::move(target)};
    request.body = std::move(body);
    return await(webhook->answer(std::move(request)));
  }

  // A bucket of the name that is taken.
  static std::string asked(const std::string& api_version = "admission.k8s.io/v1") {
    return R"({"apiVersion": ")" + api_version + R"(", "kind": "AdmissionReview", "request": {
        "uid": "u", "operation": "CREATE",
        "kind": {"group": "aws-infra-operator.runner.codes", "kind": "S3Bucket"},
        "object": {"metadata": {"namespace": "n", "name": "second"},
                   "spec": {"providerRef": {"name": "aws"}, "bucketName": "logs"}}}})";
  }

  void start() { webhook->start(io.get_executor()); }

  const std::string folder = testing::TempDir() + "/webhook-certificates";
  std::ostringstream lines;
  telemetry::Logger log{lines, telemetry::Level::kInfo, telemetry::Format::kJson, clock};
  telemetry::Metrics metrics{{"1", "a"}};
  telemetry::Health health;
  std::vector<definition::Definition> definitions;
  const definition::Definition provider = *definition::load_provider();
  std::unique_ptr<Webhook> make(WebhookSettings settings) {
    return std::make_unique<Webhook>(WebhookParts{.clock = clock,
                                                  .kube = client,
                                                  .definitions = definitions,
                                                  .provider_definition = provider,
                                                  .metrics = metrics,
                                                  .health = health,
                                                  .log = log,
                                                  .random = [] { return 0.5; }},
                                     std::move(settings));
  }
  void SetUp() override {
    webhook = make({.certificates = std::make_unique<net::CertificateFolder>(folder)});
  }
  // What it has started holds on to it, and goes with the context.
  void TearDown() override { io.stop(); }

  std::unique_ptr<Webhook> webhook;
};

TEST_F(WebhookTest, IsReadyWhenItHasACertificate) {
  EXPECT_THAT(health.ready().text, HasSubstr("[-]webhook failed: its certificate was not looked"));
  start();
  const std::string reason = "[-]webhook failed: cannot read the file " + folder + "/tls.crt";
  EXPECT_TRUE(run_until([&] { return health.ready().text.find(reason) != std::string::npos; }));
  EXPECT_EQ(webhook->certificate(), nullptr);
  put_certificate();
  EXPECT_TRUE(run_until([this] { return webhook->certificate() != nullptr; }));
  EXPECT_THAT(health.ready().text, HasSubstr("[+]webhook ok"));
}

TEST_F(WebhookTest, StaysReadyWhileItsCertificateIsReplaced) {
  put_certificate();
  start();
  ASSERT_TRUE(run_until([this] { return webhook->certificate() != nullptr; }));
  std::ofstream(folder + "/tls.crt") << "half";
  EXPECT_TRUE(run_until([this] {
    return lines.str().find(folder + " holds no good certificate: tls.crt is no certificate") !=
           std::string::npos;
  }));
  EXPECT_THAT(health.ready().text, HasSubstr("[+]webhook ok"));
}

TEST_F(WebhookTest, SaysOnceWhatIsWrongWithTheCertificate) {
  start();
  const SteadyTime later = clock.steady() + std::chrono::minutes(1);
  run_until([this, later] { return clock.steady() > later; });
  const std::string text = lines.str();
  const auto first = text.find("certificate is no good");
  ASSERT_NE(first, text.npos) << text;
  EXPECT_EQ(text.find("certificate is no good", first + 1), text.npos) << text;
}

// Has nothing at the first look.
class Late final : public net::CertificateSource {
 public:
  Task<Result<net::PemPair>> look() override {
    if (std::exchange(early_, false)) co_return fail(Code::kBusy, "it is being made");
    co_return net::make_identity("DNS:webhook.test");
  }
  Duration pause() const override { return Duration{1'000}; }
  std::string name() const override { return "late"; }

 private:
  bool early_ = true;
};

TEST_F(WebhookTest, WhatIsStillBeingMadeIsNoError) {
  webhook = make({.certificates = std::make_unique<Late>()});
  start();
  EXPECT_TRUE(run_until([this] {
    return health.ready().text.find("[-]webhook failed: it is being made") != std::string::npos;
  }));
  EXPECT_TRUE(run_until([this] { return webhook->certificate() != nullptr; }));
  EXPECT_THAT(health.ready().text, HasSubstr("[+]webhook ok"));
  EXPECT_EQ(lines.str().find("certificate is no good"), std::string::npos);
}

TEST_F(WebhookTest, JudgesByOthersOnceItKnowsAll) {
  const auto before = post(asked());
  EXPECT_EQ(before.status, 200);
  EXPECT_THAT(before.body, HasSubstr(R"("allowed":true)"));
  EXPECT_THAT(before.body, HasSubstr("does not know all objects yet"));
  start();
  ASSERT_TRUE(run_until([this] { return webhook->knows_all(); }));
  const auto after = post(asked());
  EXPECT_THAT(after.body, HasSubstr(R"("allowed":false)"));
  EXPECT_THAT(after.body, HasSubstr("S3Bucket n/first has that name already"));
}

TEST_F(WebhookTest, CountsWhatItAnswers) {
  post(asked());
  post("half {");
  const std::string name = "infra_operator_admission_reviews_total";
  EXPECT_THAT(metrics.text(), HasSubstr(name + R"({resource_type="S3Bucket",result="warned"} 1)"));
  EXPECT_THAT(metrics.text(),
              HasSubstr(name + R"({resource_type="unknown",result="malformed"} 1)"));
}

TEST_F(WebhookTest, ExplainsWhatItCannotAnswer) {
  EXPECT_EQ(post("{\"kind\": ").status, 400);
  EXPECT_THAT(post(asked("admission.k8s.io/v3")).body, HasSubstr("'admission.k8s.io/v3'"));
  EXPECT_EQ(post(asked(), "/mutate").status, 404);
  net::HttpRequest get{.method = "GET", .target = "/validate"};
  EXPECT_EQ(await(webhook->answer(std::move(get))).status, 404);
}

TEST_F(WebhookTest, LargeReviewsAreJudgedToo) {
  std::string body = asked();
  const std::string filler = R"("spec": {"tags": {"a": ")" + std::string(3 << 20, 'x') + R"("}, )";
  body.replace(body.find(R"("spec": {)"), 9, filler);
  const auto answer = post(body);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("allowed":true)"));
}

}  // namespace
}  // namespace infra
