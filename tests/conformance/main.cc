// Runs botocore's conformance suites against src/aws; see tests/conformance/README.md.
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "aws/crt.h"
#include "suites.h"

namespace infra::conformance {
namespace {

namespace fs = std::filesystem;
using Suite = std::function<void(Report&, const fs::path& root)>;

void run_own_protocols(Report& report, const fs::path& root) {
  run_protocols(report, root / "tests/unit/protocols", "protocols");
}

const std::map<std::string, Suite> kSuites = {{"protocols", run_own_protocols},
                                              {"responses", run_responses},
                                              {"signing", run_signing},
                                              {"endpoints", run_endpoints}};

int usage() {
  std::fprintf(stderr, "usage: infra_conformance [DIR | --suite NAME]; names are");
  for (const auto& [name, suite] : kSuites) std::fprintf(stderr, " %s", name.c_str());
  std::fprintf(stderr, "\n");
  return 2;
}

int run_folder(LeftOut left_out, const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    std::fprintf(stderr, "There is no folder '%s'.\n", folder.c_str());
    return 2;
  }
  Report report(std::move(left_out), false);
  run_protocols(report, folder, "");
  return report.finish();
}

int run_suites(LeftOut left_out, const std::string& only) {
  Report report(std::move(left_out), true);
  for (const auto& [name, suite] : kSuites) {
    if (!only.empty() && name != only) continue;
    suite(report, INFRA_BOTOCORE);
    report.check_list(name);
  }
  return report.finish();
}

int run(int argc, char** argv) {
  const aws::CrtLibrary crt;
  auto left_out = LeftOut::parse(read_file(INFRA_LEFT_OUT));
  if (!left_out) {
    std::fprintf(stderr, "%s: %s\n", INFRA_LEFT_OUT, left_out.error().message.c_str());
    return 2;
  }
  const std::string first = argc > 1 ? argv[1] : "";
  if (argc == 3 && first == "--suite" && kSuites.contains(argv[2])) {
    return run_suites(std::move(*left_out), argv[2]);
  }
  if (argc == 1) return run_suites(std::move(*left_out), "");
  if (argc == 2 && !first.starts_with("-")) return run_folder(std::move(*left_out), first);
  return usage();
}

}  // namespace
}  // namespace infra::conformance

int main(int argc, char** argv) { return infra::conformance::run(argc, argv); }
