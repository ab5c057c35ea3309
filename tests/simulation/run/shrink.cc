#include "run/shrink.h"

#include <algorithm>

namespace infra::sim {
namespace {

class Shrinker {
 public:
  Shrinker(const Program& program, Scenario failing, int most_runs)
      : program_(program), best_(std::move(failing)), runs_left_(most_runs) {
    const RunResult first = run(program_, best_, {});
    rule_ = first.violation ? first.violation->rule : "";
    write_faults_down(first);
  }

  Scenario make() {
    bool smaller = !rule_.empty();
    while (smaller && runs_left_ > 0) {
      smaller = drop_oddities();
      smaller = drop_operations() || smaller;
      smaller = drop_objects() || smaller;
      smaller = drop_faults() || smaller;
      smaller = shorten() || smaller;
    }
    return best_;
  }

 private:
  bool accept(Scenario candidate) {
    if (runs_left_-- <= 0) return false;
    const RunResult result = run(program_, candidate, {});
    if (!result.violation || result.violation->rule != rule_) return false;
    best_ = std::move(candidate);
    return true;
  }

  // From here on faults are a list, of which single ones can go.
  void write_faults_down(const RunResult& first) {
    if (best_.only_faults || rule_.empty()) return;
    Scenario candidate = best_;
    candidate.only_faults.emplace(first.faults.begin(), first.faults.end());
    candidate.fault_rates.clear();
    accept(std::move(candidate));
  }

  // Tries to leave out runs of items, long ones first. `without` makes the scenario that lacks
  // [from, to).
  template <class Without>
  bool drop_runs(std::size_t size, Without without) {
    bool any = false;
    for (std::size_t length = std::max<std::size_t>(size / 2, 1); length >= 1; length /= 2) {
      for (std::size_t from = 0; from < size && runs_left_ > 0;) {
        const std::size_t to = std::min(from + length, size);
        if (accept(without(from, to))) {
          size -= to - from;
          any = true;
        } else {
          from = to;
        }
      }
    }
    return any;
  }

  bool drop_operations() {
    return drop_runs(best_.operations.size(), [this](std::size_t from, std::size_t to) {
      Scenario candidate = best_;
      auto& all = candidate.operations;
      all.erase(all.begin() + std::ptrdiff_t(from), all.begin() + std::ptrdiff_t(to));
      return candidate;
    });
  }

  bool drop_objects() {
    return drop_runs(best_.objects.size(), [this](std::size_t from, std::size_t to) {
      Scenario candidate = best_;
      auto& all = candidate.objects;
      all.erase(all.begin() + std::ptrdiff_t(from), all.begin() + std::ptrdiff_t(to));
      std::erase_if(candidate.operations, [from, to](const Operation& one) {
        return one.object >= int(from) && one.object < int(to);
      });
      for (Operation& one : candidate.operations) {
        if (one.object >= int(to)) one.object -= int(to - from);
      }
      return candidate;
    });
  }

  bool drop_faults() {
    if (!best_.only_faults) return false;
    return drop_runs(best_.only_faults->size(), [this](std::size_t from, std::size_t to) {
      Scenario candidate = best_;
      auto& all = *candidate.only_faults;
      all.erase(std::next(all.begin(), std::ptrdiff_t(from)),
                std::next(all.begin(), std::ptrdiff_t(to)));
      return candidate;
    });
  }

  template <class Change>
  bool change(Change change_it) {
    Scenario candidate = best_;
    change_it(candidate);
    if (same(to_json(candidate), to_json(best_))) return false;
    return accept(std::move(candidate));
  }

  bool drop_oddities() {
    bool any = change([](Scenario& one) { one.aws = {}; });
    any = change([](Scenario& one) { one.kube = {}; }) || any;
    any = change([](Scenario& one) { one.aws.stale_by_id = 0; }) || any;
    any = change([](Scenario& one) { one.aws.stale_lists = 0; }) || any;
    any = change([](Scenario& one) { one.aws.stale_details = 0; }) || any;
    any = change([](Scenario& one) { one.aws.stale_access = 0; }) || any;
    any = change([](Scenario& one) { one.aws.monotonic = true; }) || any;
    any = change([](Scenario& one) { one.aws.slow_operations = 0; }) || any;
    any = change([](Scenario& one) { one.aws.short_pages = 0; }) || any;
    any = change([](Scenario& one) { one.kube.watch_lag = Duration{0}; }) || any;
    any = change([](Scenario& one) { one.kube.duplicate_events = 0; }) || any;
    any = change([](Scenario& one) { one.kube.stale_view = Duration{0}; }) || any;
    any = change([](Scenario& one) { one.kube.history = KubeBehaviour{}.history; }) || any;
    any = change([](Scenario& one) { one.kube.bookmarks = true; }) || any;
    any = change([](Scenario& one) { one.broken_provider = false; }) || any;
    any = change([](Scenario& one) { one.squatted.clear(); }) || any;
    any = change([](Scenario& one) { one.assume_role = false; }) || any;
    any = change([](Scenario& one) { one.provider_at = Duration{0}; }) || any;
    any = change([](Scenario& one) { one.pods.resize(1); }) || any;
    any = change([](Scenario& one) { one.other_shards = one.shards; }) || any;
    any = change([](Scenario& one) { one.shards = one.other_shards = 1; }) || any;
    any = change([](Scenario& one) { one.leader_elect = one.pods.size() > 1; }) || any;
    any = change([](Scenario& one) {
            for (auto& pod : one.pods) pod = {};
          }) ||
          any;
    any = change([](Scenario& one) { one.latency = Duration{2}; }) || any;
    return any;
  }

  bool shorten() {
    Duration last{1'000};
    for (const Operation& one : best_.operations) last = std::max(last, one.at + one.length);
    return change([last](Scenario& one) {
      one.chaos = std::min(one.chaos, last + std::chrono::seconds(30));
    });
  }

  const Program& program_;
  Scenario best_;
  std::string rule_;
  int runs_left_;
};

}  // namespace

Scenario shrink(const Program& program, Scenario failing, int most_runs) {
  return Shrinker(program, std::move(failing), most_runs).make();
}

}  // namespace infra::sim
