#include "command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "aws/crt.h"
#include "run/campaign.h"
#include "run/generate.h"
#include "run/hunt.h"
#include "run/samples.h"
#include "run/shrink.h"
#include "run/sweep.h"

namespace infra::sim {
namespace {

struct Flags {
  std::uint64_t seeds = 1000;
  std::uint64_t first = 1;
  std::uint64_t seed = 0;
  std::uint64_t stride = 1;
  std::string kind;
  std::string plant;
  std::string scenario;
  std::string scenarios;
  std::string shrink_to;
  std::string cells;
  bool trace = false;
  bool write = false;
  bool sweep = false;
  bool hunt = false;
  bool known = false;
  int jobs = 2;
  int most_failures = 5;
  double twice = 1;  // percent
};

void report(const Failure& failure, const std::string& command) {
  std::cerr << fmt::format("{} breaks '{}': {}\n  again: {}\n", failure.what, failure.rule,
                           failure.text, command);
}

std::string command_of(const Flags& flags, std::uint64_t seed) {
  std::string out = fmt::format("./dev sim --seed {} --trace", seed);
  if (!flags.kind.empty()) out += " --kind " + flags.kind;
  if (!flags.plant.empty()) out += " --plant " + flags.plant;
  return out;
}

void run_seed(const Program& program, const Flags& flags, std::uint64_t seed, Totals& totals) {
  const Scenario scenario = generate(seed, flags.kind);
  const RunResult result = run(program, scenario, {});
  totals.add(result);
  const std::string what = fmt::format("seed {}", seed);
  if (result.violation) {
    totals.failures.push_back({what, result.violation->rule, result.violation->text});
    report(totals.failures.back(), command_of(flags, seed));
  }
  if (double(mixed(seed, "twice") % 10'000) >= flags.twice * 100) return;
  ++totals.repeated;
  if (run(program, scenario, {}).trace_hash == result.trace_hash) return;
  totals.failures.push_back({what, "deterministic", "two runs of it had different traces"});
  report(totals.failures.back(), command_of(flags, seed));
}

void print(const Totals& totals, double seconds, const Flags& flags) {
  if (!flags.cells.empty()) {
    std::ofstream file(flags.cells);
    for (const auto& [cell, count] : totals.cells) file << count << "\t" << cell << "\n";
  }
  std::cout << fmt::format(
      "{} runs, {} virtual hours, {} requests, {} cells of request and fault, {} run twice; "
      "{:.0f} s, {:.1f} runs/s, {:.1f} virtual hours/s; traces {:016x}\n",
      totals.runs, totals.virtual_seconds / 3600, totals.requests, totals.cells.size(),
      totals.repeated, seconds, double(totals.runs) / seconds,
      double(totals.virtual_seconds) / 3600 / seconds, totals.trace);
  std::cout << fmt::format(
      "{} passed, {} failed\n",
      totals.runs - std::min<std::uint64_t>(totals.failures.size(), totals.runs),
      totals.failures.size());
}

int finish(const Totals& totals, std::chrono::steady_clock::time_point started,
           const Flags& flags) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  print(totals, took.count(), flags);
  return totals.failures.empty() ? 0 : 1;
}

int run_many(const Program& program, const Flags& flags) {
  const auto started = std::chrono::steady_clock::now();
  const Totals totals = in_shares(flags.jobs, [&](int share, int shares, Totals& mine) {
    for (auto i = std::uint64_t(share); i < flags.seeds; i += std::uint64_t(shares)) {
      run_seed(program, flags, flags.first + i, mine);
      if (int(mine.failures.size()) >= flags.most_failures) return;
    }
  });
  return finish(totals, started, flags);
}

// One share of a sweep takes every so-manieth run.
void run_sweeps(const Program& program, const Flags& flags, int share, int shares, Totals& mine) {
  for (const Sample& sample : samples()) {
    if (!flags.kind.empty() && sample.kind != flags.kind) continue;
    for (const char* verb : kVerbs) {
      int number = 0;
      sweep(program, sample.kind, verb, flags.stride, [&](const SweepRun& one) {
        if (number++ % shares != share) return true;
        const RunResult result = run(program, one.scenario, one.options);
        mine.add(result);
        if (!result.violation) return true;
        mine.failures.push_back({fmt::format("{} of a {}, {}", verb, sample.kind, one.what),
                                 result.violation->rule, result.violation->text});
        report(mine.failures.back(), "./dev sim --sweep --kind " + sample.kind);
        return int(mine.failures.size()) < flags.most_failures;
      });
    }
  }
}

int run_all_sweeps(const Program& program, const Flags& flags) {
  const auto started = std::chrono::steady_clock::now();
  const Totals totals = in_shares(flags.jobs, [&](int share, int shares, Totals& mine) {
    run_sweeps(program, flags, share, shares, mine);
  });
  return finish(totals, started, flags);
}

std::string why_uncaught(const Bugs& bugs, const Find& find) {
  if (find.runs == 0) return "planted/caught.txt names no world that shows it";
  return fmt::format("no world of {} shows it; its place was {}", find.runs,
                     bugs.reached() ? "reached" : "never reached");
}

// Looks for the first world in which each planted bug shows. A world that showed it before is tried
// first.
void hunt_share(const Program& program, const Flags& flags, const Bugs& bugs, int share, int shares,
                Totals& mine) {
  for (auto i = std::size_t(share); i < bugs.names.size(); i += std::size_t(shares)) {
    const std::string& name = bugs.names[i];
    if (!flags.plant.empty() && name != flags.plant) continue;
    const auto known = bugs.known.find(name);
    bugs.plant(name);
    const Find find = hunt(program, known == bugs.known.end() ? KnownWorld{} : known->second,
                           flags.known ? 0 : flags.seeds, flags.kind);
    ++mine.runs;
    if (find.violation) {
      std::cout << fmt::format("{} {} {}\t{}\t{}\n", name, find.world.seed, find.world.kind,
                               find.violation->rule, find.violation->text.substr(0, 160))
                << std::flush;
      continue;
    }
    mine.failures.push_back({"planted bug " + name, "caught", why_uncaught(bugs, find)});
    report(mine.failures.back(), "./dev sim --hunt --plant " + name);
  }
}

int hunt_all(const Program& program, const Flags& flags, const Bugs& bugs) {
  const auto started = std::chrono::steady_clock::now();
  const Totals totals = in_shares(flags.jobs, [&](int share, int shares, Totals& mine) {
    hunt_share(program, flags, bugs, share, shares, mine);
  });
  return finish(totals, started, flags);
}

int run_one(const Program& program, const Flags& flags, const Scenario& scenario) {
  if (flags.write) {
    std::cout << boost::json::serialize(to_json(scenario)) << "\n";
    return 0;
  }
  RunOptions options;
  if (flags.trace) options.trace = [](const std::string& line) { std::cout << line << "\n"; };
  const RunResult result = run(program, scenario, options);
  std::cout << fmt::format("{} lines, hash {:016x}, {} requests, {} virtual seconds\n",
                           result.trace_lines, result.trace_hash, result.requests,
                           result.virtual_time.count() / 1000);
  if (!result.violation) {
    std::cout << "1 passed, 0 failed\n";
    return 0;
  }
  std::cout << fmt::format("breaks '{}' at {} s: {}\n", result.violation->rule,
                           result.violation->at.count() / 1000, result.violation->text);
  if (!flags.shrink_to.empty()) {
    const Scenario small = shrink(program, scenario);
    std::ofstream(flags.shrink_to) << boost::json::serialize(to_json(small)) << "\n";
    std::cout << fmt::format(
        "made smaller: {} objects, {} operations, {} faults; again: ./dev sim "
        "--scenario {} --trace\n",
        small.objects.size(), small.operations.size(),
        small.only_faults ? small.only_faults->size() : 0, flags.shrink_to);
  }
  std::cout << "0 passed, 1 failed\n";
  return 1;
}

Result<Scenario> read_scenario(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Code::kInvalid, "cannot read " + path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto json = parse_json(text);
  if (!json) return std::unexpected(json.error().in(path));
  return scenario_from_json(*json);
}

// Every scenario of a folder, in the order of their names.
int run_folder(const Program& program, const Flags& flags) {
  const auto started = std::chrono::steady_clock::now();
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(flags.scenarios)) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  Totals totals;
  for (const auto& file : files) {
    const auto scenario = read_scenario(file.string());
    if (!scenario) {
      totals.failures.push_back({file.filename(), "scenario", scenario.error().message});
      continue;
    }
    const RunResult result = run(program, *scenario, {});
    totals.add(result);
    if (!result.violation) continue;
    totals.failures.push_back({file.filename(), result.violation->rule, result.violation->text});
    report(totals.failures.back(), "./dev sim --scenario " + file.string() + " --trace");
  }
  return finish(totals, started, flags);
}

int main_of(const Flags& flags, const Bugs* bugs) {
  const aws::CrtLibrary crt;
  const auto program = load_program();
  if (!program) {
    std::cerr << program.error().message << "\n";
    return 2;
  }
  if (flags.hunt) return hunt_all(*program, flags, *bugs);
  if (!flags.scenarios.empty()) return run_folder(*program, flags);
  if (flags.sweep) return run_all_sweeps(*program, flags);
  if (!flags.scenario.empty()) {
    const auto scenario = read_scenario(flags.scenario);
    if (scenario) return run_one(*program, flags, *scenario);
    std::cerr << scenario.error().message << "\n";
    return 2;
  }
  if (flags.seed != 0) return run_one(*program, flags, generate(flags.seed, flags.kind));
  return run_many(*program, flags);
}

}  // namespace

int simulate(int argc, char** argv, const Bugs* bugs) {
  Flags flags;
  CLI::App app("Runs the operator in simulated worlds");
  app.add_option("--seeds", flags.seeds, "How many worlds")->capture_default_str();
  app.add_option("--first", flags.first, "The first seed")->capture_default_str();
  app.add_option("--kind", flags.kind, "Only objects of this kind");
  app.add_option("--seed", flags.seed, "Only this world");
  app.add_option("--scenario", flags.scenario, "Only the world of this file");
  app.add_option("--scenarios", flags.scenarios, "The worlds of all files of this folder");
  app.add_flag("--trace", flags.trace, "Prints everything that happens in the one world");
  app.add_flag("--write", flags.write, "Prints the one world's scenario instead of running it");
  app.add_option("--shrink", flags.shrink_to, "Makes a failing world smaller, into this file");
  app.add_flag("--sweep", flags.sweep, "Every fault at every request, and crashes at every step");
  app.add_option("--stride", flags.stride, "With --sweep: only every so-manieth fault and crash")
      ->capture_default_str();
  app.add_option("--jobs", flags.jobs, "Processes side by side")->capture_default_str();
  app.add_option("--most-failures", flags.most_failures, "Stop after so many, in each process")
      ->capture_default_str();
  app.add_option("--twice", flags.twice, "Percent of the worlds to run twice, and to compare")
      ->capture_default_str();
  app.add_option("--cells", flags.cells, "Writes which requests met which faults, how often");
  if (bugs != nullptr) {
    app.add_option("--plant", flags.plant, "Arms a planted bug");
    app.add_flag("--known", flags.known, "With --hunt: only the worlds that showed a bug before");
    app.add_flag("--hunt", flags.hunt,
                 "For each planted bug, or that of --plant: in which world it shows");
  }
  CLI11_PARSE(app, argc, argv);
  if (!flags.plant.empty() && !bugs->plant(flags.plant)) {
    std::cerr << "there is no planted bug '" << flags.plant << "'\n";
    return 2;
  }
  return main_of(flags, bugs);
}

}  // namespace infra::sim
