// What a request needs besides its encoding: an endpoint and a signature.
#include <benchmark/benchmark.h>

#include "aws/signer.h"
#include "inputs.h"

namespace infra::bench {
namespace {

net::HttpRequest describe_vpcs() {
  net::HttpRequest request{.method = "POST", .host = "ec2.eu-central-1.amazonaws.com"};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                     {"User-Agent", "infra-operator"}};
  request.body = "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-0a1b2c3d4e5f67890";
  return request;
}

void sign(benchmark::State& state) {
  const aws::Credentials keys{.access_key = "AKIDEXAMPLE",
                              .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                              .session_token = std::string(800, 't')};
  const aws::SigningOptions options{
      .region = "eu-central-1", .service = "ec2", .time = std::chrono::system_clock::now()};
  for (auto _ : state) {
    net::HttpRequest request = describe_vpcs();
    if (!aws::sign(request, keys, options)) state.SkipWithError("not signed");
    benchmark::DoNotOptimize(&request);
  }
}
BENCHMARK(sign)->Name("sign/DescribeVpcs with a session token");

void resolve(benchmark::State& state, const std::string& service,
             const aws::EndpointParameters& more) {
  aws::EndpointParameters parameters{
      {"Region", std::string("eu-central-1")}, {"UseFIPS", false}, {"UseDualStack", false}};
  parameters.insert(more.begin(), more.end());
  const auto found = must(catalog().find(service));
  for (auto _ : state) {
    const auto endpoint = found->endpoints->resolve(parameters);
    if (!endpoint) state.SkipWithError("no endpoint");
    benchmark::DoNotOptimize(&endpoint);
  }
}

void resolve_ec2(benchmark::State& state) { resolve(state, "ec2", {}); }
BENCHMARK(resolve_ec2)->Name("endpoint/ec2");

void resolve_bucket(benchmark::State& state) {
  resolve(state, "s3", {{"Bucket", std::string("example-logs")}});
}
BENCHMARK(resolve_bucket)->Name("endpoint/s3 with a bucket");

}  // namespace
}  // namespace infra::bench
