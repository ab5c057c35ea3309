// One admission review, among 1,000 objects.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>

#include "admission/judge.h"
#include "definition/loader.h"
#include "inputs.h"
#include "planning/decide.h"

namespace infra::bench {
namespace {

// Ten VPCs with a hundred subnets each, and the provider.
class Cluster {
 public:
  Cluster() {
    note(provider_, R"({"metadata": {"namespace": "network", "name": "aws"}})");
    for (int vpc = 0; vpc < 10; ++vpc) {
      note(kind("VPC"), fmt::format(R"({{"metadata": {{"namespace": "network", "name": "vpc-{0}"}},
          "spec": {{"cidrBlock": "10.{0}.0.0/16"}}, "status": {{"vpcID": "vpc-{0}"}}}})",
                                    vpc));
      for (int number = 0; number < 100; ++number) {
        note(kind("Subnet"), subnet(fmt::format("subnet-{}-{}", vpc, number), vpc, number));
      }
    }
    judge_.set_complete();
  }

  std::string answer(std::string_view body) const {
    const auto review = must(admission::read_review(body));
    return admission::answer_to(review, judge_.judge(review));
  }

  static std::string subnet(const std::string& name, int vpc, int number) {
    return fmt::format(R"({{"metadata": {{"namespace": "network", "name": "{0}"}},
        "spec": {{"providerRef": {{"name": "aws"}}, "vpcRef": {{"name": "vpc-{1}"}},
                  "cidrBlock": "10.{1}.{2}.0/24", "tags": {{"Team": "platform"}}}}}})",
                       name, vpc, number);
  }

 private:
  const definition::Definition& kind(std::string_view name) const {
    return *std::ranges::find(definitions_, name, &definition::Definition::kind);
  }
  void note(const definition::Definition& definition, const std::string& object) {
    judge_.note(definition, nullptr, must(parse_json(object)));
  }

  const std::vector<definition::Definition> definitions_ = must(definition::load_embedded());
  const definition::Definition provider_ = must(definition::load_provider());
  admission::Judge judge_{definitions_, provider_};
};

void review(benchmark::State& state, int number, std::string_view result) {
  static const Cluster cluster;
  const std::string body = fmt::format(
      R"({{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {{
          "uid": "7c1d2c0e-8a53-4f0c-9c5e-2f7a5b0a9d11", "operation": "CREATE",
          "kind": {{"group": "{}", "version": "v1alpha1", "kind": "Subnet"}},
          "userInfo": {{"username": "admin", "groups": ["system:masters"]}}, "object": {}}}}})",
      planning::kGroup, Cluster::subnet("new", 7, number));
  if (cluster.answer(body).find(result) == std::string::npos) state.SkipWithError("wrong answer");
  for (auto _ : state) benchmark::DoNotOptimize(cluster.answer(body));
}

void allowed(benchmark::State& state) { review(state, 200, R"("allowed":true)"); }
void refused(benchmark::State& state) { review(state, 50, "overlaps that of Subnet"); }

BENCHMARK(allowed)->Name("review/a subnet of 1,000, allowed");
BENCHMARK(refused)->Name("review/a subnet of 1,000, refused");

}  // namespace
}  // namespace infra::bench
