#include "kube/client.h"

#include <gmock/gmock.h>

#include "kube/fakes_for_test.h"

namespace infra::kube {
namespace {

using testing::HasSubstr;
using testing::Not;

using ClientTest = Bench;

Reply status_reply(int code, std::string reason, std::string extra = "") {
  return {.status = code,
          .body = R"({"kind":"Status","message":"no","reason":")" + reason + R"(","code":)" +
                  std::to_string(code) + extra + "}"};
}

TEST(Classify, Reasons) {
  struct Row {
    int status;
    std::string reason;
    Code code;
  };
  for (const auto& row : std::vector<Row>{
           {404, "NotFound", Code::kNotFound},
           {409, "AlreadyExists", Code::kAlreadyExists},
           {409, "Conflict", Code::kConflict},
           {422, "Invalid", Code::kInvalid},
           {400, "BadRequest", Code::kInvalid},
           {403, "Forbidden", Code::kDenied},
           {401, "Unauthorized", Code::kUnauthenticated},
           {429, "TooManyRequests", Code::kThrottled},
           {410, "Expired", Code::kExpired},
           {410, "Gone", Code::kExpired},
           {504, "Timeout", Code::kDeadline},
           {500, "InternalError", Code::kUnavailable},
           {500, "ServerTimeout", Code::kUnavailable},
           {503, "ServiceUnavailable", Code::kUnavailable},
           {418, "NewReason", Code::kInvalid},  // the status decides
           {599, "NewReason", Code::kUnavailable},
       }) {
    const auto reply = status_reply(row.status, row.reason);
    const auto error = classify({.status = row.status, .headers = {}, .body = reply.body});
    EXPECT_EQ(error.code, row.code) << row.reason;
    EXPECT_EQ(error.remote_code, row.reason);
    EXPECT_EQ(error.http_status, row.status);
  }
  EXPECT_EQ(classify({.status = 404, .headers = {}, .body = "404 page not found"}).code,
            Code::kNotFound);
  EXPECT_EQ(classify({.status = 502, .headers = {}, .body = "<html>"}).code, Code::kUnavailable);
}

TEST(Classify, AMissingRightComesWithItsRemedy) {
  const auto classified = [](const std::string& message) {
    const std::string body =
        R"({"kind":"Status","reason":"Forbidden","message":")" + message + R"("})";
    return classify({.status = 403, .headers = {}, .body = body}).message;
  };
  EXPECT_THAT(classified(R"(vpcs is forbidden: User \"u\" cannot list resource \"vpcs\")"),
              HasSubstr("rbac-rules.yaml"));
  EXPECT_THAT(classified("unable to create new content: the namespace is being terminated"),
              Not(HasSubstr("rbac-rules.yaml")));
}

TEST(Classify, RetryAfterFromBodyAndHeader) {
  const auto reply = status_reply(429, "TooManyRequests", R"(,"details":{"retryAfterSeconds":7})");
  EXPECT_EQ(*classify({.status = 429, .headers = {}, .body = reply.body}).retry_after,
            Duration{7000});
  EXPECT_EQ(*classify({.status = 429, .headers = {{"retry-after", "3"}}, .body = ""}).retry_after,
            Duration{3000});
}

TEST_F(ClientTest, Paths) {
  transport.script(std::vector<Reply>(6, Reply{.body = "{}"}));
  (void)await(client.get(pods, "a", "b"));
  (void)await(client.list(widgets, "", {.continue_token = "x=", .resource_version = "5"}));
  (void)await(client.merge_patch(widgets, "a", "b", JsonObject{}, "status"));
  (void)await(client.apply(widgets, "a", "b", JsonObject{}, ApplyOptions{}));
  (void)await(client.json_patch(widgets, "a", "b", JsonArray{}));
  (void)await(client.remove(widgets, "a", "b", "u1"));
  ASSERT_EQ(transport.requests.size(), 6u);
  EXPECT_EQ(transport.requests[0].target, "/api/v1/namespaces/a/pods/b");
  EXPECT_EQ(net::header(transport.requests[0].headers, "Authorization"), "Bearer secret-token");
  EXPECT_EQ(net::header(transport.requests[0].headers, "User-Agent"), "infra-operator/1.0.0");
  EXPECT_EQ(transport.requests[1].target, "/apis/test.io/v1/widgets?limit=500&continue=x%3D");
  EXPECT_EQ(transport.requests[2].target, "/apis/test.io/v1/namespaces/a/widgets/b/status");
  EXPECT_EQ(net::header(transport.requests[2].headers, "Content-Type"),
            "application/merge-patch+json");
  EXPECT_EQ(transport.requests[3].target,
            "/apis/test.io/v1/namespaces/a/widgets/b?fieldManager=infra-operator&force=true");
  EXPECT_EQ(net::header(transport.requests[4].headers, "Content-Type"),
            "application/json-patch+json");
  EXPECT_EQ(transport.requests[5].method, "DELETE");
  EXPECT_NE(transport.requests[5].body.find(R"("uid":"u1")"), std::string::npos);
}

TEST_F(ClientTest, WithoutANameNothingIsSent) {
  EXPECT_EQ(await(client.remove(pods, "a", "")).error().code, Code::kInvalid);
  EXPECT_EQ(await(client.remove(pods, "", "b")).error().code, Code::kInvalid);
  EXPECT_TRUE(transport.requests.empty());
}

TEST_F(ClientTest, ThrottledReadsAreRepeatedWhenTheServerAsks) {
  transport.script({{.status = 429, .headers = {{"Retry-After", "3"}}}, {.body = "{}"}});
  const auto before = clock.steady();
  EXPECT_TRUE(await(client.get(pods, "a", "b")).has_value());
  EXPECT_EQ(clock.steady() - before, std::chrono::seconds(3));
}

TEST_F(ClientTest, ThrottledWritesAreNotRepeated) {
  transport.script({{.status = 429, .headers = {{"Retry-After", "3"}}}, {.body = "{}"}});
  EXPECT_EQ(await(client.create(pods, "a", JsonObject{})).error().code, Code::kThrottled);
  EXPECT_EQ(transport.requests.size(), 1u);
}

TEST_F(ClientTest, RefusedTokenIsRenewedOnce) {
  transport.script(std::vector<Reply>(4, status_reply(401, "Unauthorized")));
  EXPECT_EQ(await(client.get(pods, "a", "b")).error().code, Code::kUnauthenticated);
  EXPECT_EQ(transport.requests.size(), 2u);
}

TEST_F(ClientTest, WatchCutsLinesAnywhere) {
  transport.script({{.chunks = {R"({"type":"ADD)", R"(ED","object":{"a":1}})",
                                "\n{\"type\":", "\"BOOKMARK\",\"object\":{}}\n"}}});
  std::vector<WatchEventType> seen;
  Client::WatchSink sink = [&seen](WatchEvent event) -> Result<void> {
    seen.push_back(event.type);
    return {};
  };
  EXPECT_TRUE(await(client.watch(pods, "", {}, sink)).has_value());
  EXPECT_EQ(seen, (std::vector{WatchEventType::kAdded, WatchEventType::kBookmark}));
}

TEST_F(ClientTest, WatchErrorEvent) {
  transport.script(
      {{.chunks = {R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}})"
                   "\n"}}});
  Client::WatchSink sink = [](WatchEvent) -> Result<void> { return {}; };
  EXPECT_EQ(await(client.watch(pods, "", {}, sink)).error().code, Code::kExpired);
}

class FixedCredential final : public TokenSource {
 public:
  Task<Result<Credential>> get(bool) override {
    co_return Credential{.certificate_pem = "new-cert", .key_pem = "new-key", .ca_pem = "new-ca"};
  }
};

TEST_F(ClientTest, CredentialGoesBeforeTheConfiguration) {
  Config config = Bench::config();
  config.tls = {.ca_pem = "old-ca", .certificate_pem = "old-cert", .key_pem = "old-key"};
  Client before(transport, clock, config);
  config.token = std::make_shared<FixedCredential>();
  Client after(transport, clock, config);
  transport.script({{.body = "{}"}, {.body = "{}"}});
  await(before.get_raw("/version"));
  await(after.get_raw("/version"));
  EXPECT_EQ(
      transport.options_seen[0].tls,
      (net::TlsOptions{.ca_pem = "old-ca", .certificate_pem = "old-cert", .key_pem = "old-key"}));
  EXPECT_EQ(
      transport.options_seen[1].tls,
      (net::TlsOptions{.ca_pem = "new-ca", .certificate_pem = "new-cert", .key_pem = "new-key"}));
}

TEST_F(ClientTest, OfSomeTypesListsAndWatchesAskForMetadataOnly) {
  ResourceType secrets{.version = "v1", .plural = "secrets", .kind = "Secret"};
  secrets.metadata_only = true;
  const auto accepted = [this](std::size_t request) {
    return std::string(net::header(transport.requests[request].headers, "Accept"));
  };
  transport.script({{.body = "{}"}, {.body = ""}, {.body = "{}"}});
  await(client.list(secrets, "", ListOptions()));
  await(
      client.watch(secrets, "", WatchOptions(), [](const WatchEvent&) { return Result<void>(); }));
  await(client.get(secrets, "team", "keys"));
  EXPECT_EQ(accepted(0),
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
  EXPECT_EQ(accepted(1),
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
  EXPECT_EQ(accepted(2), "application/json");
}

}  // namespace
}  // namespace infra::kube
