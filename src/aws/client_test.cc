#include "aws/client.h"

#include <gtest/gtest.h>

#include "aws/crt.h"
#include "aws/embedded.h"
#include "aws/run_for_test.h"

namespace infra::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const CrtLibrary kCrt;

constexpr const char* kModel = R"({"metadata": {"protocol": "json", "jsonVersion": "1.1",
    "endpointPrefix": "things", "targetPrefix": "Things", "signingName": "things"},
  "operations": {
    "CreateThing": {"name": "CreateThing", "http": {"method": "POST", "requestUri": "/"},
                    "input": {"shape": "CreateInput"}, "output": {"shape": "Answer"}},
    "ListThings": {"name": "ListThings", "http": {"method": "POST", "requestUri": "/"},
                   "input": {"shape": "ListInput"}, "output": {"shape": "Answer"}},
    "HeadThing": {"name": "HeadThing", "http": {"method": "HEAD", "requestUri": "/"}}},
  "shapes": {
    "CreateInput": {"type": "structure", "members": {"Name": {"shape": "Text"},
       "ClientToken": {"shape": "Text", "idempotencyToken": true}}},
    "ListInput": {"type": "structure", "members": {"NextToken": {"shape": "Text"}}},
    "Answer": {"type": "structure", "members": {"NextToken": {"shape": "Text"},
       "Things": {"shape": "Texts"}}},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Text": {"type": "string"}}})";
constexpr const char* kRules = R"({"version": "1.0",
  "parameters": {"Region": {"type": "String", "builtIn": "AWS::Region", "documentation": "-"},
                 "Endpoint": {"type": "String", "builtIn": "SDK::Endpoint", "documentation": "-"}},
  "rules": [
    {"conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}], "type": "endpoint",
     "endpoint": {"url": {"ref": "Endpoint"}, "properties": {}, "headers": {}}},
    {"conditions": [], "type": "endpoint",
     "endpoint": {"url": "https://things.{Region}.test", "properties": {}, "headers": {}}}]})";
constexpr const char* kPartitions = R"({"version": "1.1", "partitions": [{"id": "aws",
  "regionRegex": "^eu\\-\\w+\\-\\d+$", "regions": {"eu-west-1": {}},
  "outputs": {"name": "aws", "dnsSuffix": "amazonaws.com", "dualStackDnsSuffix": "api.aws",
              "supportsFIPS": true, "supportsDualStack": true, "implicitGlobalRegion": "us-east-1"}}]})";
constexpr const char* kPages = R"({"pagination": {"ListThings": {"input_token": "NextToken",
  "output_token": "NextToken", "result_key": "Things"}}})";

std::string documents(std::string_view service, std::string_view kind) {
  if (kind == "partitions") return kPartitions;
  if (service != "things") return {};
  if (kind == "service") return kModel;
  return kind == "paginators" ? kPages : kRules;
}

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    client.observer = [this](const CallRecord& record) { records.push_back(record); };
  }

  Result<Json> create(CallOptions options = {}) {
    return run(client.call("things", "CreateThing", parse_json(R"({"Name": "n"})").value(),
                           std::move(options)));
  }
  void then_error(int status, const std::string& code, net::Headers headers = {}) {
    headers.emplace_back("x-amzn-requestid", "r-1");
    transport.then(status, R"({"__type": ")" + code + R"(", "message": "too bad"})",
                   std::move(headers));
  }
  static std::string signed_date(const net::HttpRequest& request) {
    return std::string(net::header(request.headers, "X-Amz-Date"));
  }

  JumpingClock clock;
  ScriptedTransport transport{clock};
  std::vector<CallRecord> records;
  Client client{clock,
                transport,
                std::make_shared<Catalog>(documents),
                std::make_shared<StaticCredentials>(
                    Credentials{.access_key = "AK", .secret_key = "top-secret"}),
                ClientConfig{.region = "eu-west-1"},
                [] { return 0.5; }};
};

TEST_F(ClientTest, SignsAndSendsToTheRulesEndpoint) {
  transport.then(200, R"({"Things": ["a"]})");
  auto result = create();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->at("Things").as_array().size(), 1u);
  const auto& request = transport.requests.at(0);
  EXPECT_EQ(request.host, "things.eu-west-1.test");
  EXPECT_NE(net::header(request.headers, "Authorization").find("/eu-west-1/things/aws4_request"),
            std::string_view::npos);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_FALSE(records[0].error);
  EXPECT_EQ(records[0].http_status, 200);
}

TEST_F(ClientTest, ARefusalIsOneSentenceAndNotRetried) {
  then_error(400, "ThingLimitExceeded");
  auto result = create();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "things CreateThing was refused: ThingLimitExceeded: too bad (request id r-1)");
  EXPECT_EQ(result.error().remote_code, "ThingLimitExceeded");
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(ClientTest, ThrottlingIsRetriedThreeTimesAtMost) {
  for (int i = 0; i < 4; ++i) then_error(400, "ThrottlingException");
  auto result = create({.retry_unknown = false});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kThrottled);
  EXPECT_EQ(transport.requests.size(), 3u);
  EXPECT_EQ(clock.slept, (std::vector<Duration>{Duration{500}, Duration{1000}}));
  EXPECT_EQ(records.back().attempt, 3);
}

TEST_F(ClientTest, WhatAwsHasThrottledWaitsForItsTurn) {
  Budgets budgets(clock);
  client.keep_within(budgets, "123456789012");
  for (int i = 0; i < 3; ++i) {
    budgets.of({"123456789012", "eu-west-1", "things", "CreateThing"}).note_answer(true);
  }
  const auto late = create();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kThrottled);
  EXPECT_EQ(
      late.error().message,
      "AWS has throttled things CreateThing of account 123456789012 in eu-west-1: it is asked "
      "as often as it allows, and this call waits for its turn");
  ASSERT_TRUE(late.error().retry_after);
  EXPECT_EQ(transport.requests.size(), 0u) << "it was not sent";
  transport.then(200, R"({"Things": []})");
  EXPECT_TRUE(run(client.call("things", "ListThings", Json())))
      << "each operation has a budget of its own";
  clock.advance(*late.error().retry_after);
  transport.then(200, "{}");
  EXPECT_TRUE(create());
}

TEST_F(ClientTest, RetryAfterIsRespected) {
  then_error(429, "TooManyRequestsException", {{"Retry-After", "7"}});
  transport.then(200, "{}");
  ASSERT_TRUE(create());
  EXPECT_EQ(clock.slept, std::vector<Duration>{seconds(7)});
}

TEST_F(ClientTest, AnUnknownOutcomeIsRepeatedWithTheSameToken) {
  transport.then_fail(Code::kUnavailable);
  transport.then(200, "{}");
  ASSERT_TRUE(create());
  ASSERT_EQ(transport.requests.size(), 2u);
  EXPECT_EQ(transport.requests[0].body, transport.requests[1].body);
  EXPECT_NE(transport.requests[0].body.find("ClientToken"), std::string::npos);
}

TEST_F(ClientTest, AnUnknownOutcomeEndsACallThatMustNotBeRepeated) {
  for (const Code code : {Code::kUnavailable, Code::kDeadline}) {
    transport.requests.clear();
    transport.then_fail(code);
    auto result = create({.retry_unknown = false});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(transport.requests.size(), 1u);
  }
  transport.requests.clear();
  then_error(500, "InternalFailure");
  EXPECT_FALSE(create({.retry_unknown = false}));
  EXPECT_EQ(transport.requests.size(), 1u);
  transport.requests.clear();
  transport.then(200, "not json");
  auto result = create({.retry_unknown = false});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(ClientTest, TheGivenTokenIsUsed) {
  transport.then(200, "{}");
  ASSERT_TRUE(create({.idempotency_token = "attempt-1"}));
  EXPECT_NE(transport.requests.at(0).body.find(R"("ClientToken":"attempt-1")"), std::string::npos);
}

TEST_F(ClientTest, TheDeadlineCoversAllAttempts) {
  transport.then_fail(Code::kUnavailable, seconds(29));
  then_error(400, "ThrottlingException");
  auto result = create();
  EXPECT_FALSE(result);
  ASSERT_EQ(transport.timeouts.size(), 2u);
  EXPECT_EQ(transport.timeouts[0], seconds(30));
  EXPECT_EQ(transport.timeouts[1], Duration{500});
}

TEST_F(ClientTest, ARedirectIsNotFollowed) {
  transport.then(301, "", {{"Location", "https://elsewhere.test/"}});
  auto result = create();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_NE(result.error().message.find("redirect 301"), std::string::npos);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(ClientTest, AWrongClockIsCorrectedOnce) {
  const net::Headers date{{"Date", "Fri, 15 Jan 2027 09:00:00 GMT"}};
  clock.start = parse_rfc3339("2027-01-15T08:00:00Z");
  then_error(403, "SignatureDoesNotMatch", date);
  transport.then(200, "{}");
  ASSERT_TRUE(create({.retry_unknown = false}));
  EXPECT_EQ(signed_date(transport.requests.at(0)), "20270115T080000Z");
  EXPECT_EQ(signed_date(transport.requests.at(1)), "20270115T090000Z");
  EXPECT_TRUE(clock.slept.empty());
  // The correction stays, and the same refusal is now about something else.
  then_error(403, "SignatureDoesNotMatch", date);
  auto result = create();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnauthenticated);
  EXPECT_EQ(transport.requests.size(), 3u);
}

TEST_F(ClientTest, AnAnswerToHeadDoesNotSayThatTheClockIsWrongButItsDateDoes) {
  clock.start = parse_rfc3339("2027-01-15T08:00:00Z");
  transport.then(403, "", {{"Date", "Fri, 15 Jan 2027 09:00:00 GMT"}});
  transport.then(200, "");
  ASSERT_TRUE(run(client.call("things", "HeadThing", JsonObject{}, {})));
  EXPECT_EQ(signed_date(transport.requests.at(1)), "20270115T090000Z");

  transport.then(403, "", {{"Date", "Fri, 15 Jan 2027 09:00:00 GMT"}});
  auto denied = run(client.call("things", "HeadThing", JsonObject{}, {}));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, Code::kDenied);
}

// Keys that give themselves another name each time they are asked for after having expired.
class RenewedCredentials final : public CredentialSource {
 public:
  Task<Result<Credentials>> get() override {
    co_return Credentials{.access_key = "AKIA" + std::to_string(number_), .secret_key = "s"};
  }
  void note_expired(const Credentials&) override { ++number_; }

 private:
  int number_ = 1;
};

TEST_F(ClientTest, KeysThatHaveJustExpiredAreRenewedOnce) {
  Client renewing(clock, transport, std::make_shared<Catalog>(documents),
                  std::make_shared<RenewedCredentials>(), client.config(), [] { return 0.5; });
  then_error(400, "ExpiredToken", {});
  transport.then(200, "{}");
  ASSERT_TRUE(run(renewing.call("things", "CreateThing", JsonObject{}, {.retry_unknown = false})));
  const auto signed_by = [this](std::size_t request, const std::string& key) {
    const auto said = net::header(transport.requests.at(request).headers, "Authorization");
    return said.find("Credential=" + key + "/") != std::string::npos;
  };
  EXPECT_TRUE(signed_by(0, "AKIA1"));
  EXPECT_TRUE(signed_by(1, "AKIA2"));
  EXPECT_TRUE(clock.slept.empty());
  then_error(400, "ExpiredToken", {});
  then_error(400, "ExpiredToken", {});
  const auto result = run(renewing.call("things", "CreateThing", JsonObject{}, {}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnauthenticated);
  EXPECT_EQ(transport.requests.size(), 4u);
}

TEST_F(ClientTest, PagesAreJoined) {
  transport.then(200, R"({"Things": ["a"], "NextToken": "t1"})");
  transport.then(200, R"({"Things": ["b"]})");
  auto result = run(client.call_paged("things", "ListThings", JsonObject{}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->at("Things").as_array().size(), 2u);
  EXPECT_NE(transport.requests.at(1).body.find("t1"), std::string::npos);
}

TEST_F(ClientTest, TooManyPagesAreAnError) {
  for (int i = 0; i < 3; ++i) {
    transport.then(200, R"({"Things": ["a"], "NextToken": ")" + std::to_string(i) + R"("})");
  }
  auto result = run(client.call_paged("things", "ListThings", JsonObject{}, {.page_limit = 3}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
}

TEST_F(ClientTest, WrongNamesAndInputsNeverReachTheNetwork) {
  EXPECT_EQ(run(client.call("nothing", "X", {})).error().code, Code::kInvalid);
  EXPECT_EQ(run(client.call("../things", "X", {})).error().code, Code::kInvalid);
  EXPECT_EQ(run(client.call("things", "X", {})).error().code, Code::kInvalid);
  auto unknown = parse_json(R"({"Colour": "red"})").value();
  EXPECT_EQ(run(client.call("things", "CreateThing", unknown)).error().code, Code::kInvalid);
  EXPECT_TRUE(transport.requests.empty());
}

TEST(ClientConfig, SpeaksToStsWhereItsOwnEndpointIs) {
  ClientConfig config{.region = "eu-west-1", .endpoint = "http://all", .ca_pem = "pem"};
  Catalog catalog(embedded_document);
  EXPECT_EQ(config.sts(catalog)->url, "http://all");
  config.endpoints["sts"] = "http://sts";
  const auto sts = config.sts(catalog);
  EXPECT_EQ(sts->url, "http://sts");
  EXPECT_EQ(sts->region, "eu-west-1");
  EXPECT_EQ(sts->tls.ca_pem, "pem");
}

TEST(ClientConfig, SpeaksToTheStsOfItsPartition) {
  Catalog catalog(embedded_document);
  const auto url = [&catalog](ClientConfig config) { return config.sts(catalog)->url; };
  EXPECT_EQ(url({.region = "eu-west-1"}), "https://sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(url({.region = "cn-north-1"}), "https://sts.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(url({.region = "us-iso-east-1"}), "https://sts.us-iso-east-1.c2s.ic.gov");
  EXPECT_EQ(url({.region = "us-east-2", .use_fips = true}),
            "https://sts-fips.us-east-2.amazonaws.com");
  EXPECT_EQ(url({.region = "us-gov-west-1", .use_fips = true}),
            "https://sts.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(url({.region = "eu-west-1", .use_dual_stack = true}), "https://sts.eu-west-1.api.aws");
  EXPECT_EQ(ClientConfig{}.sts(catalog).error().code, Code::kInvalid);
}

TEST(ClientConfig, TakesSettingsFromVariables) {
  const std::map<std::string, std::string> values = {
      {"AWS_REGION", "eu-west-1"},
      {"AWS_DEFAULT_REGION", "us-east-1"},
      {"AWS_ENDPOINT_URL", "http://all"},
      {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://secrets"},
      {"AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API", "http://tags"},
      {"AWS_USE_FIPS_ENDPOINT", "True"}};
  const auto config = ClientConfig::from_environment([&values](const std::string& name) {
    const auto it = values.find(name);
    return it == values.end() ? std::string() : it->second;
  });
  ASSERT_TRUE(config);
  EXPECT_EQ(config->region, "eu-west-1");
  EXPECT_EQ(config->endpoint, "http://all");
  const std::map<std::string, std::string> own = {{"secretsmanager", "http://secrets"},
                                                  {"resourcegroupstaggingapi", "http://tags"}};
  EXPECT_EQ(config->endpoints, own);
  EXPECT_TRUE(config->use_fips);
  EXPECT_FALSE(config->use_dual_stack);
}

}  // namespace
}  // namespace infra::aws
