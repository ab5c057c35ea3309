#include "definition/sample.h"

#include <fmt/format.h>

#include "definition/crd.h"
#include "definition/yaml_writer.h"

namespace infra::definition {
namespace {

std::string api_version() { return fmt::format("{}/{}", kGroup, kVersion); }

}  // namespace

JsonObject sample_object(const Definition& definition) {
  JsonObject spec{{"providerRef", JsonObject{{"name", "aws"}}}};
  if (const auto* sample = definition.sample.if_object()) {
    for (const auto& member : *sample) spec[member.key()] = member.value();
  }
  return {{"apiVersion", api_version()},
          {"kind", definition.kind},
          {"metadata", JsonObject{{"name", "sample-" + definition.singular}}},
          {"spec", std::move(spec)}};
}

std::string sample_provider() {
  const JsonObject secret{
      {"apiVersion", "v1"},
      {"kind", "Secret"},
      {"metadata", JsonObject{{"name", "aws-credentials"}}},
      {"stringData", JsonObject{{"AWS_ACCESS_KEY_ID", "test"}, {"AWS_SECRET_ACCESS_KEY", "test"}}}};
  const JsonObject provider{
      {"apiVersion", api_version()},
      {"kind", "AWSProvider"},
      {"metadata", JsonObject{{"name", "aws"}}},
      {"spec", JsonObject{{"region", "us-east-1"},
                          {"credentialsSecret", JsonObject{{"name", "aws-credentials"}}},
                          {"endpoint", "http://127.0.0.1:5000"}}}};
  return "# For the AWS emulator; for AWS itself put real keys here and leave out the endpoint.\n" +
         to_yaml(secret) + "---\n" + to_yaml(provider);
}

}  // namespace infra::definition
