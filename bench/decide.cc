// One comparison of what should be with what is.
#include "planning/decide.h"

#include <benchmark/benchmark.h>

#include <algorithm>

#include "definition/loader.h"
#include "inputs.h"

namespace infra::bench {
namespace {

using definition::Definition;
using planning::Action;
using planning::Desired;
using planning::Observed;

const Definition& definition_of(std::string_view kind) {
  static const auto all = must(definition::load_embedded());
  const auto found = std::ranges::find(all, kind, &Definition::kind);
  if (found == all.end()) std::abort();
  return *found;
}

Json json(std::string_view text) { return must(parse_json(text)); }

planning::TagMap tags() {
  const std::string group(planning::kGroup);
  return {{planning::owner_tag(), "7c1d2c0e-8a53-4f0c-9c5e-2f7a5b0a9d11"},
          {group + "/cluster", "production"},
          {group + "/namespace", "network"},
          {group + "/name", "main"},
          {"Environment", "production"},
          {"Team", "platform"}};
}

Desired desired_with(std::string_view spec) {
  return {.uid = "7c1d2c0e-8a53-4f0c-9c5e-2f7a5b0a9d11",
          .cluster = "production",
          .namespace_name = "network",
          .name = "main",
          .spec = json(spec),
          .status = JsonObject{},
          .tags = tags(),
          .managed_keys = {"Environment", "Team"}};
}

Desired desired_vpc() {
  Desired out = desired_with(
      R"({"providerRef":{"name":"aws"},"deletionPolicy":"Delete","cidrBlock":"10.0.0.0/16",
          "instanceTenancy":"default","enableDnsSupport":true,"enableDnsHostnames":true,
          "tags":{"Environment":"production","Team":"platform"}})");
  out.recorded_id = "vpc-0a1b2c3d4e5f67890";
  return out;
}

Observed observed_vpc() {
  Observed out{.present = true, .id = "vpc-0a1b2c3d4e5f67890", .tags = tags()};
  out.resource = json(
      R"({"CidrBlock":"10.0.0.0/16","DhcpOptionsId":"dopt-19edf471","State":"available",
          "VpcId":"vpc-0a1b2c3d4e5f67890","OwnerId":"123456789012","InstanceTenancy":"default",
          "IsDefault":false})");
  out.facets["vpc"] = out.resource;
  out.facets["dns support"] = json(R"({"EnableDnsSupport":{"Value":true}})");
  out.facets["dns hostnames"] = json(R"({"EnableDnsHostnames":{"Value":true}})");
  return out;
}

Desired desired_bucket() {
  return desired_with(
      R"({"providerRef":{"name":"aws"},"deletionPolicy":"Retain","bucketName":"example-logs",
          "versioning":{"enabled":true},"encryption":{"algorithm":"aws:kms","kmsKeyID":"alias/logs"},
          "publicAccessBlock":{"blockPublicAcls":true,"blockPublicPolicy":true,
                               "ignorePublicAcls":true,"restrictPublicBuckets":true},
          "corsRules":[{"allowedMethods":["GET","HEAD"],"allowedOrigins":["https://example.com"],
                        "allowedHeaders":["*"],"maxAgeSeconds":3000}],
          "lifecycleRules":[{"id":"old","enabled":true,"prefix":"logs/","expiration":{"days":365},
                             "transitions":[{"days":30,"storageClass":"STANDARD_IA"},
                                            {"days":90,"storageClass":"GLACIER"}]}],
          "tags":{"Environment":"production","Team":"platform"}})");
}

// Every facet differs from what is declared.
Observed observed_bucket() {
  Observed out{.present = true, .id = "example-logs", .resource = JsonObject{}, .tags = tags()};
  out.tags["Environment"] = "test";
  out.facets["bucket"] = out.resource;
  out.facets["versioning"] = json(R"({"Status":"Suspended"})");
  out.facets["encryption"] = json(
      R"({"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":
          {"SSEAlgorithm":"AES256"},"BucketKeyEnabled":false}]}})");
  out.facets["public access block"] = json(
      R"({"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"IgnorePublicAcls":true,
          "BlockPublicPolicy":false,"RestrictPublicBuckets":true}})");
  out.facets["cors"] = json(
      R"({"CORSRules":[{"AllowedMethods":["GET"],"AllowedOrigins":["*"],"MaxAgeSeconds":3000}]})");
  out.facets["lifecycle"] = json(
      R"({"Rules":[{"ID":"old","Status":"Enabled","Filter":{"Prefix":"logs/"},
          "Expiration":{"Days":365},"Transitions":[{"Days":60,"StorageClass":"STANDARD_IA"}]}]})");
  return out;
}

void decide(benchmark::State& state, std::string_view kind, const Desired& desired,
            const Observed& observed, Action expected) {
  const Definition& definition = definition_of(kind);
  for (auto _ : state) {
    const planning::Plan plan = planning::decide(definition, desired, observed);
    if (plan.action != expected) state.SkipWithError(plan.message.c_str());
    benchmark::DoNotOptimize(&plan);
  }
}

void settled_vpc(benchmark::State& state) {
  decide(state, "VPC", desired_vpc(), observed_vpc(), Action::kNothing);
}
BENCHMARK(settled_vpc)->Name("decide/settled VPC");

void drifted_bucket(benchmark::State& state) {
  decide(state, "S3Bucket", desired_bucket(), observed_bucket(), Action::kUpdate);
}
BENCHMARK(drifted_bucket)->Name("decide/drifted S3 bucket, all facets");

}  // namespace
}  // namespace infra::bench
