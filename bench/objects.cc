// What the cache does with an object.
#include <benchmark/benchmark.h>

#include "base/json.h"
#include "inputs.h"

namespace infra::bench {
namespace {

// As a watch brings it, except for the bookkeeping of who wrote which field.
constexpr std::string_view kObject =
    R"("apiVersion":"aws-infra-operator.runner.codes/v1alpha1","kind":"VPC","metadata":{
"annotations":{"aws-infra-operator.runner.codes/check-interval":"10m"},
"creationTimestamp":"2026-01-02T03:04:05Z","finalizers":["aws-infra-operator.runner.codes/finalizer"],
"generation":2,"labels":{"app.kubernetes.io/part-of":"network"},"name":"main","namespace":"network",
"resourceVersion":"184213","uid":"7c1d2c0e-8a53-4f0c-9c5e-2f7a5b0a9d11")";
constexpr std::string_view kManagedFields =
    R"(,"managedFields":[{"apiVersion":"aws-infra-operator.runner.codes/v1alpha1",
"fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:cidrBlock":{},"f:enableDnsHostnames":{},
"f:enableDnsSupport":{},"f:providerRef":{"f:name":{}},"f:tags":{"f:Environment":{},"f:Team":{}}}},
"manager":"kubectl","operation":"Apply","time":"2026-01-02T03:04:05Z"},
{"apiVersion":"aws-infra-operator.runner.codes/v1alpha1","fieldsType":"FieldsV1","fieldsV1":{
"f:status":{"f:cidrBlock":{},"f:conditions":{},"f:lastSyncTime":{},"f:observedGeneration":{},
"f:ready":{},"f:state":{},"f:vpcID":{}}},"manager":"infra-operator","operation":"Update",
"subresource":"status","time":"2026-01-02T03:04:09Z"}])";
constexpr std::string_view kRest =
    R"(},"spec":{"providerRef":{"name":"aws"},"deletionPolicy":"Delete","cidrBlock":"10.0.0.0/16",
"instanceTenancy":"default","enableDnsSupport":true,"enableDnsHostnames":true,
"tags":{"Environment":"production","Team":"platform"}},"status":{"vpcID":"vpc-0a1b2c3d4e5f67890",
"cidrBlock":"10.0.0.0/16","state":"available","isDefault":false,"ready":true,
"observedGeneration":2,"tagKeys":["Environment","Team"],"conditions":[
{"type":"Ready","status":"True","reason":"Available","message":"In sync with AWS",
"observedGeneration":2,"lastTransitionTime":"2026-01-02T03:04:09Z"},
{"type":"Synced","status":"True","reason":"Available","message":"In sync with AWS",
"observedGeneration":2,"lastTransitionTime":"2026-01-02T03:04:09Z"}]})";

std::string event() {
  return R"({"type":"MODIFIED","object":{)" + std::string(kObject) + std::string(kManagedFields) +
         std::string(kRest) + "}}";
}

void parse(benchmark::State& state, const std::string& text) {
  for (auto _ : state) {
    const auto json = parse_json(text);
    if (!json) state.SkipWithError("no JSON");
    benchmark::DoNotOptimize(&json);
  }
  state.SetBytesProcessed(state.iterations() * std::int64_t(text.size()));
}

void parse_event(benchmark::State& state) { parse(state, event()); }
BENCHMARK(parse_event)->Name("object/parse a VPC's watch event");

// What each reconcile does with what the cache holds.
void parse_kept(benchmark::State& state) {
  const Json kept = must(parse_json("{" + std::string(kObject) + std::string(kRest) + "}"));
  parse(state, boost::json::serialize(kept));
}
BENCHMARK(parse_kept)->Name("object/parse a VPC that is kept");

void keep(benchmark::State& state) {
  const Json object = must(parse_json("{" + std::string(kObject) + std::string(kRest) + "}"));
  for (auto _ : state) {
    const std::string text = boost::json::serialize(object);
    benchmark::DoNotOptimize(&text);
  }
}
BENCHMARK(keep)->Name("object/write a VPC to be kept");

}  // namespace
}  // namespace infra::bench
