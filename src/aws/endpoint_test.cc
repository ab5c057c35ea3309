#include "aws/endpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

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

TEST(Endpoint, RefusesBrokenRules) {
  EXPECT_FALSE(EndpointResolver::make("{", kPartitions));
  EXPECT_FALSE(EndpointResolver::make(kRules, "[]"));
}

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A service has one folder for each API version; the last is the one in use.
fs::path rules_of(const std::string& service) {
  std::vector<fs::path> versions;
  for (const auto& entry :
       fs::directory_iterator(fs::path(INFRA_BOTOCORE) / "botocore/data" / service)) {
    if (fs::exists(entry.path() / "endpoint-rule-set-1.json")) versions.push_back(entry.path());
  }
  return *std::ranges::max_element(versions) / "endpoint-rule-set-1.json";
}

EndpointValue to_value(const Json& value) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_string()) return std::string(value.get_string());
  std::vector<std::string> items;
  for (const auto& item : value.as_array()) items.emplace_back(item.as_string());
  return items;
}

void check_case(const EndpointResolver& resolver, const Json& test) {
  SCOPED_TRACE(text_at(test, "documentation"));
  EndpointParameters parameters;
  if (const Json* given = find_path(test, "params")) {
    for (const auto& [name, value] : given->as_object()) parameters.emplace(name, to_value(value));
  }
  auto endpoint = resolver.resolve(parameters);
  if (const Json* error = find_path(test, "expect.error")) {
    ASSERT_FALSE(endpoint) << endpoint->url;
    EXPECT_EQ(endpoint.error().message, text_at(*error, ""));
    return;
  }
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->url, text_at(test, "expect.endpoint.url"));
  if (const Json* properties = find_path(test, "expect.endpoint.properties")) {
    EXPECT_TRUE(same(*properties, endpoint->properties))
        << *properties << " but got " << endpoint->properties;
  }
  if (const Json* headers = find_path(test, "expect.endpoint.headers")) {
    for (const auto& [name, values] : headers->as_object()) {
      EXPECT_EQ(net::header(endpoint->headers, name), text_at(values.as_array().at(0), ""));
    }
  }
}

TEST(Endpoint, Conformance) {
  const std::string partitions = read(fs::path(INFRA_BOTOCORE) / "botocore/data/partitions.json");
  const fs::path cases = fs::path(INFRA_BOTOCORE) / "tests/functional/endpoint-rules";
  std::size_t services = 0;
  std::size_t checked = 0;
  for (const auto& entry : fs::directory_iterator(cases)) {
    const fs::path file = entry.path() / "endpoint-tests-1.json";
    if (!fs::exists(file)) continue;
    const std::string service = entry.path().filename().string();
    SCOPED_TRACE(service);
    auto resolver = EndpointResolver::make(read(rules_of(service)), partitions);
    ASSERT_TRUE(resolver) << resolver.error().message;
    auto document = parse_json(read(file));
    ASSERT_TRUE(document);
    for (const Json& test : document->at("testCases").as_array()) {
      check_case(**resolver, test);
      ++checked;
    }
    ++services;
  }
  EXPECT_GT(services, 300u);
  EXPECT_GT(checked, 10'000u);
}

}  // namespace
}  // namespace infra::aws
