#include "aws/endpoint.h"

#include <gtest/gtest.h>

#include "aws/crt.h"

namespace infra::aws {
namespace {

const CrtLibrary kCrt;

constexpr std::string_view kPartitions = R"({"version": "1.1", "partitions": [{"id": "aws",
  "regionRegex": "^(us|eu)\\-\\w+\\-\\d+$", "regions": {"eu-west-1": {}},
  "outputs": {"name": "aws", "dnsSuffix": "amazonaws.com", "dualStackDnsSuffix": "api.aws",
              "supportsFIPS": true, "supportsDualStack": true, "implicitGlobalRegion": "us-east-1"}}]})";
constexpr std::string_view kRules = R"({"version": "1.0",
  "parameters": {"Region": {"type": "String", "builtIn": "AWS::Region", "required": true,
                            "documentation": "-"},
                 "UseFIPS": {"type": "Boolean", "default": false, "required": true,
                             "documentation": "-"}},
  "rules": [
    {"conditions": [{"fn": "booleanEquals", "argv": [{"ref": "UseFIPS"}, true]}],
     "error": "no FIPS here", "type": "error"},
    {"conditions": [], "type": "endpoint",
     "endpoint": {"url": "https://things.{Region}.test", "headers": {"x-from": ["rules"]},
       "properties": {"authSchemes": [{"name": "sigv4", "signingName": "things",
                                       "signingRegion": "{Region}", "disableDoubleEncoding": true}]}}}]})";

TEST(Endpoint, FollowsTheRules) {
  auto resolver = EndpointResolver::make(kRules, kPartitions);
  ASSERT_TRUE(resolver) << resolver.error().message;
  EXPECT_TRUE((*resolver)->knows("UseFIPS"));
  EXPECT_FALSE((*resolver)->knows("Bucket"));
  auto endpoint = (*resolver)->resolve({{"Region", "eu-west-1"}, {"Unknown", true}});
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->url, "https://things.eu-west-1.test");
  EXPECT_EQ(endpoint->signing_name, "things");
  EXPECT_EQ(endpoint->signing_region, "eu-west-1");
  EXPECT_FALSE(endpoint->double_encode_path);
  EXPECT_EQ(net::header(endpoint->headers, "x-from"), "rules");
}

TEST(Endpoint, GivesTheSentenceOfARefusal) {
  auto resolver = EndpointResolver::make(kRules, kPartitions);
  ASSERT_TRUE(resolver);
  auto endpoint = (*resolver)->resolve({{"Region", "eu-west-1"}, {"UseFIPS", true}});
  ASSERT_FALSE(endpoint);
  EXPECT_EQ(endpoint.error().code, Code::kInvalid);
  EXPECT_EQ(endpoint.error().message, "no FIPS here");
}

// Only what the model says: an input of SNS has a member that happens to be called Endpoint.
TEST(Endpoint, TakesParametersOfACallFromTheModel) {
  const auto model = ServiceModel::parse(*parse_json(R"({"metadata": {"protocol": "json"},
    "operations": {"Make": {"input": {"shape": "Input"},
      "staticContextParams": {"Control": {"value": true}, "Mode": {"value": "m"}}}},
    "shapes": {"Text": {"type": "string"}, "Input": {"type": "structure", "members": {
      "Table": {"shape": "Text", "contextParam": {"name": "ResourceArn"}},
      "Other": {"shape": "Text", "contextParam": {"name": "Unset"}},
      "Endpoint": {"shape": "Text"}}}}})"));
  ASSERT_TRUE(model) << model.error().message;
  const Json input{{"Table", "t"}, {"Endpoint", "e"}};
  const EndpointParameters expected{{"Control", true}, {"Mode", "m"}, {"ResourceArn", "t"}};
  EXPECT_EQ(parameters_of(*(*model)->operation("Make"), input), expected);
}

TEST(Endpoint, RefusesBrokenRules) {
  EXPECT_FALSE(EndpointResolver::make("{", kPartitions));
  EXPECT_FALSE(EndpointResolver::make(kRules, "[]"));
}

}  // namespace
}  // namespace infra::aws
