#include <benchmark/benchmark.h>

#include "aws/crt.h"
#include "aws/embedded.h"
#include "inputs.h"

namespace infra::bench {
namespace {

struct Aws {
  aws::CrtLibrary crt;  // outlives what is made with it
  aws::Catalog catalog{aws::core_document};
};

}  // namespace

aws::Catalog& catalog() {
  static Aws aws;
  return aws.catalog;
}

}  // namespace infra::bench

int main(int argc, char** argv) {
  infra::bench::catalog();  // before anything signs a request
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
