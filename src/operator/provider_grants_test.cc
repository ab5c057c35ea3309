#include "operator/provider_grants.h"

#include <gmock/gmock.h>

namespace infra {
namespace {

using ::testing::HasSubstr;

TEST(ProviderGrants, NothingIsGrantedThatNobodyGranted) {
  const ProviderGrants none;
  EXPECT_FALSE(lists_namespace(none, ""));
  EXPECT_FALSE(lists_namespace(none, "team-a"));
  EXPECT_FALSE(may_assume(none, "team-a", "arn:aws:iam::111122223333:role/a"));
  EXPECT_FALSE(may_reach(none, "https://sqs.us-east-1.amazonaws.com"));
}

TEST(ProviderGrants, TheOperatorsNamespaceAndThoseListed) {
  const ProviderGrants grants{.own_namespace = "infra", .namespaces = {"team-a"}};
  EXPECT_TRUE(lists_namespace(grants, "infra"));
  EXPECT_TRUE(lists_namespace(grants, "team-a"));
  EXPECT_FALSE(lists_namespace(grants, "team-ab"));
  EXPECT_TRUE(lists_namespace({.namespaces = {"*"}}, "any"));
}

TEST(ProviderGrants, ALabelHasToSayAllowed) {
  const auto labelled = [](const std::string& value) {
    return is_labelled(JsonObject{
        {"metadata", JsonObject{{"labels", JsonObject{{pod_identity_label(), value}}}}}});
  };
  EXPECT_TRUE(labelled("allowed"));
  EXPECT_FALSE(labelled(""));
  EXPECT_FALSE(labelled("false"));
  EXPECT_FALSE(is_labelled(JsonObject{}));
}

TEST(ProviderGrants, RolesByNamespaceAndPattern) {
  ProviderGrants grants;
  grants.roles.push_back(*parse_role_grant("team-a=arn:aws:iam::*:role/team-a-*"));
  EXPECT_TRUE(may_assume(grants, "team-a", "arn:aws:iam::111122223333:role/team-a-dev"));
  const auto other = may_assume(grants, "team-a", "arn:aws:iam::111122223333:role/team-b-dev");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kDenied);
  EXPECT_THAT(other.error().message, HasSubstr("team-b-dev"));
  EXPECT_THAT(other.error().message, HasSubstr("providers.podIdentity.roles"));
  EXPECT_FALSE(may_assume(grants, "team-b", "arn:aws:iam::111122223333:role/team-a-dev"));
  EXPECT_FALSE(may_assume(grants, "team-a", "x-arn:aws:iam::111122223333:role/team-a-dev"));
  grants.roles.push_back(*parse_role_grant("*=*"));
  EXPECT_TRUE(may_assume(grants, "team-b", "arn:aws:iam::111122223333:role/team-a-dev"));
}

TEST(ProviderGrants, ARoleNeedsANamespaceAndAnArn) {
  for (const auto* text : {"", "team-a", "team-a=", "=arn:aws:iam::1:role/x", "team-a=role/x"}) {
    const auto role = parse_role_grant(text);
    ASSERT_FALSE(role) << text;
    EXPECT_THAT(role.error().message, HasSubstr("NAMESPACE=ARN"));
  }
}

TEST(ProviderGrants, EndpointsBySchemeHostAndPort) {
  ProviderGrants grants;
  grants.endpoints.push_back(*parse_endpoint_grant("https://Emulator.dev.svc"));
  grants.endpoints.push_back(*parse_endpoint_grant("http://127.0.0.1:5000/"));
  EXPECT_TRUE(may_reach(grants, "https://emulator.dev.svc:443/"));
  EXPECT_TRUE(may_reach(grants, "http://127.0.0.1:5000"));
  for (const auto* endpoint :
       {"http://emulator.dev.svc", "https://emulator.dev.svc:8443", "http://127.0.0.1:5001",
        "https://emulator.dev.svc.evil.example", "http://169.254.169.254", "https://kubernetes"}) {
    const auto refused = may_reach(grants, endpoint);
    ASSERT_FALSE(refused) << endpoint;
    EXPECT_EQ(refused.error().code, Code::kDenied);
    EXPECT_THAT(refused.error().message, HasSubstr("providers.endpoints"));
  }
  for (const auto* endpoint :
       {"file:///etc/passwd", "https://emulator.dev.svc@evil.example", "x"}) {
    EXPECT_EQ(may_reach(grants, endpoint).error().code, Code::kInvalid) << endpoint;
  }
}

TEST(ProviderGrants, EndpointsByPattern) {
  ProviderGrants grants;
  for (const auto* text : {"http://127.0.0.1:*", "https://*.emulators.svc", "http://[::1]:5000"}) {
    grants.endpoints.push_back(*parse_endpoint_grant(text));
  }
  EXPECT_TRUE(may_reach(grants, "http://127.0.0.1:41234"));
  EXPECT_TRUE(may_reach(grants, "https://a.emulators.svc"));
  EXPECT_TRUE(may_reach(grants, "http://[::1]:5000"));
  EXPECT_FALSE(may_reach(grants, "https://127.0.0.1:41234"));
  EXPECT_FALSE(may_reach(grants, "https://a.emulators.svc:8443"));
  EXPECT_FALSE(may_reach(grants, "https://evil.example/.emulators.svc"));
}

TEST(ProviderGrants, AnEndpointIsSchemeHostAndPort) {
  for (const auto* text :
       {"", "*", "emulator.dev.svc", "ftp://emulator.dev.svc", "https://emulator.dev.svc/path",
        "https://a@emulator.dev.svc", "https://:443", "https://emulator.dev.svc:"}) {
    const auto endpoint = parse_endpoint_grant(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_THAT(endpoint.error().message, HasSubstr("SCHEME://HOST:PORT"));
  }
}

}  // namespace
}  // namespace infra
