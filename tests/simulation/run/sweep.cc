#include "run/sweep.h"

#include <fmt/format.h>

#include <set>

#include "run/samples.h"

namespace infra::sim {
namespace {

using std::chrono::seconds;

constexpr Fault kSwept[] = {Fault::kRefused,       Fault::kLostRequest, Fault::kLostAnswer,
                            Fault::kAnswerTooLate, Fault::kServerError, Fault::kErrorAfter,
                            Fault::kBrokenAnswer,  Fault::kSlow,        Fault::kThrottled,
                            Fault::kDenied,        Fault::kCrashBefore, Fault::kCrashCommitted,
                            Fault::kCrashAfter};

// The requests of a calm run, in order.
std::vector<std::string> requests_of(const Program& program, const Scenario& scenario) {
  std::vector<std::string> out;
  std::map<std::string, int> numbers;
  RunOptions options;
  const std::string mark = " > ";
  bool chaos = true;
  options.trace = [&](const std::string& line) {
    if (line.ends_with(" calm")) chaos = false;
    const auto at = line.find(mark);
    if (!chaos || at == std::string::npos || line.find("pod ") == std::string::npos) return;
    // "ec2 CreateVpc #1 vpc-..."
    const std::string rest = line.substr(at + mark.size());
    const auto number = rest.find('#');
    if (number == std::string::npos) return;
    out.push_back(rest.substr(0, rest.find_first_of(" ", number)));
  };
  (void)run(program, scenario, options);
  return out;
}

// One object, and what a verb does to it.
void add_object(Scenario& out, const std::string& kind, int number, const std::string& verb) {
  const Sample& sample = sample_of(kind, number);
  const int object = number - 1;
  out.objects.push_back({.kind = kind,
                         .ns = "team",
                         .name = fmt::format("object-{}", number),
                         .at = seconds(1),
                         .spec = spec_of(sample, number, "Delete")});
  Duration at = seconds(20);
  if (verb == "update") {
    for (std::size_t i = 0; i < sample.edits.size(); ++i) {
      out.operations.push_back(
          {.at = at, .what = "patch", .object = object, .value = edit_of(sample, i, number)});
      at += seconds(10);
    }
  }
  if (verb == "delete" || verb == "recreate") {
    out.operations.push_back({.at = at, .what = "delete", .object = object});
    at += seconds(70);
  }
  if (verb == "recreate") {
    out.operations.push_back({.at = at, .what = "recreate", .object = object});
    at += seconds(20);
  }
  out.chaos = std::max(out.chaos, at);
}

}  // namespace

Scenario story(const std::string& kind, const std::string& verb) {
  Scenario out;
  out.seed = 1;
  out.check_interval = seconds(60);
  out.longest_restart = Duration{2'000};
  out.chaos = seconds(0);
  for (int number = 1; number <= forms_of(kind); ++number) add_object(out, kind, number, verb);
  return out;
}

void sweep(const Program& program, const std::string& kind, const std::string& verb,
           std::uint64_t stride, const std::function<bool(const SweepRun&)>& each) {
  const Scenario base = story(kind, verb);
  std::uint64_t number = 0;
  for (const std::string& request : requests_of(program, base)) {
    for (const Fault fault : kSwept) {
      if (number++ % stride != 0) continue;
      Scenario one = base;
      one.only_faults = std::map<std::string, Fault>{{request, fault}};
      const std::string what = fmt::format("fault {} at {}", to_string(fault), request);
      if (!each({.what = what, .scenario = one, .options = {}})) return;
    }
  }
  const std::uint64_t steps = run(program, base, {}).steps;
  for (std::uint64_t step = 1; step <= steps; step += stride) {
    RunOptions options;
    options.crash_at_step = step;
    if (!each({.what = fmt::format("crash at step {}", step),
               .scenario = base,
               .options = options})) {
      return;
    }
  }
}

}  // namespace infra::sim
