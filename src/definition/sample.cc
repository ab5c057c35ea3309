#include "definition/sample.h"

#include <fmt/format.h>

#include "definition/crd.h"
#include "definition/yaml_writer.h"

namespace infra::definition {
namespace {

std::string api_version() { return fmt::format("{}/{}", kGroup, kVersion); }

JsonObject secret(const Json& name, JsonObject values) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", JsonObject{{"name", name}}},
          {"stringData", std::move(values)}};
}

// What the sample takes from Secrets, in Secrets that hold it.
std::string sample_secrets(const Definition& definition, const JsonObject& spec) {
  std::string out;
  for (const Field& field : definition.spec) {
    const Json* named = field.type == Type::kSecretKey ? spec.if_contains(field.name) : nullptr;
    if (named == nullptr) continue;
    const auto& key = named->at("key").as_string();
    out += to_yaml(secret(named->at("name"), JsonObject{{key, "change-me-please"}})) + "---\n";
  }
  return out;
}

}  // namespace

std::string sample_manifest(const Definition& definition) {
  JsonObject spec{{"providerRef", JsonObject{{"name", "aws"}}}};
  for (const auto& member : definition.sample.as_object()) spec[member.key()] = member.value();
  const std::string secrets = sample_secrets(definition, spec);
  return secrets +
         to_yaml(JsonObject{{"apiVersion", api_version()},
                            {"kind", definition.kind},
                            {"metadata", JsonObject{{"name", "sample-" + definition.singular}}},
                            {"spec", std::move(spec)}});
}

std::string sample_provider() {
  const JsonObject keys{{"AWS_ACCESS_KEY_ID", "test"}, {"AWS_SECRET_ACCESS_KEY", "test"}};
  const JsonObject provider{
      {"apiVersion", api_version()},
      {"kind", "AWSProvider"},
      {"metadata", JsonObject{{"name", "aws"}}},
      {"spec", JsonObject{{"region", "us-east-1"},
                          {"credentialsSecret", JsonObject{{"name", "aws-credentials"}}},
                          {"endpoint", "http://127.0.0.1:5000"}}}};
  return "# For the AWS emulator; for AWS itself put real keys here and leave out the endpoint.\n" +
         to_yaml(secret("aws-credentials", keys)) + "---\n" + to_yaml(provider);
}

}  // namespace infra::definition
