#include "run/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/embedded.h"
#include "base/base64.h"
#include "definition/crd.h"
#include "definition/loader.h"
#include "run/conditions.h"
#include "run/expected.h"
#include "run/samples.h"
#include "run/user.h"

namespace infra::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// What may pass between the end of all faults and the state that was declared: a view that is late
// twice over (2 x 5 min), SQS's and S3's slowest settings (15 min), the longest backoff (5 min),
// two checks (2 x 5 min), a restart (2 min), a lease (1 min), and the watch's silence (150 s).
constexpr Duration kBound = minutes(50);
constexpr Duration kLook = seconds(5);
constexpr Duration kStop = seconds(40);  // the grace period is 20 s

WorldPlan world_plan(const Scenario& scenario) {
  OperatorSettings settings;
  settings.leader_elect = scenario.leader_elect;
  settings.lease.ns = "operator";
  settings.dispatching.most_at_once = std::size_t(scenario.workers);
  settings.check_interval = scenario.check_interval;
  settings.cluster = "simulated";
  return {.seed = scenario.seed,
          .aws = scenario.aws,
          .kube = scenario.kube,
          .fault_rates = scenario.fault_rates,
          .only_faults = scenario.only_faults,
          .latency = scenario.latency,
          .pods = scenario.pods,
          .shards = {scenario.shards, scenario.other_shards},
          .settings = settings,
          .longest_restart = scenario.longest_restart};
}

bool is_true(const Json& object, std::string_view path) {
  const Json* found = find_path(object, path);
  return found != nullptr && found->is_bool() && found->get_bool();
}

class Run {
 public:
  Run(const Program& program, const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        world_(program, world_plan(scenario)),
        invariants_(world_, scenario),
        user_(world_, scenario) {
    world_.trace.sink = options.trace;
    if (options.crash_at_step) world_.crash_at_step(*options.crash_at_step);
  }

  RunResult go() {
    user_.begin();
    go_until(scenario_.chaos);
    const std::uint64_t steps = world_.steps();
    user_.calm_down();
    if (good()) become_as_declared();
    if (good()) stay_as_declared();
    if (good()) heed();
    if (good()) go_away();
    if (good()) end();
    return {.violation = invariants_.violation(),
            .trace_hash = world_.trace.hash(),
            .trace_lines = world_.trace.lines(),
            .requests = invariants_.requests(),
            .steps = steps,
            .virtual_time = world_.timeline.now(),
            .faults = world_.faults.fired(),
            .coverage = invariants_.coverage()};
  }

 private:
  bool good() const { return !invariants_.violation(); }

  void go_until(Duration until) {
    while (good() && world_.step(until)) {
    }
  }

  // Goes on until `missing` has nothing more to say; what it says last is the violation.
  template <class Missing>
  void go_until_nothing(Duration bound, const std::string& rule, Missing missing) {
    const Duration until = world_.timeline.now() + bound;
    std::string last = missing();
    while (good() && !last.empty() && world_.timeline.now() < until) {
      go_until(world_.timeline.now() + kLook);
      last = missing();
    }
    if (good() && !last.empty()) invariants_.violate(rule, last);
  }

  // As declared, and still so when everything has been looked at once more: what was on its way
  // when the last thing was put right may yet end, and what is in vain for good comes back once
  // more after the longest backoff.
  void become_as_declared() {
    const Duration until = world_.timeline.now() + kBound;
    std::string last = "was never looked at";
    while (good() && !last.empty()) {
      go_until_nothing(until - world_.timeline.now(), "converges",
                       [this] { return not_as_declared(); });
      go_until(world_.timeline.now() + scenario_.check_interval + minutes(6));
      last = not_as_declared();
    }
  }

  void stay_as_declared() {
    world_.trace.note("the window in which nothing is to be written");
    invariants_.expect_silence(true);
    go_until(world_.timeline.now() + 3 * scenario_.check_interval);
    invariants_.expect_silence(false);
    const std::string problem = not_as_declared();
    if (good() && !problem.empty()) invariants_.violate("stays-as-declared", problem);
  }

  // Long enough to work on each object once, as far as no check comes first. What there is to do is
  // told by a watch.
  std::optional<Duration> heeding() const {
    if (scenario_.check_interval < minutes(5)) return std::nullopt;
    const auto turns = std::int64_t(scenario_.objects.size()) / scenario_.workers + 1;
    const Duration bound = minutes(1) + turns * 60 * scenario_.latency;
    return bound < minutes(3) ? std::optional(bound) : std::nullopt;
  }

  // AWS itself takes minutes to delete them.
  bool any_goes_slowly() const {
    return std::ranges::any_of(scenario_.objects, [](const ObjectPlan& object) {
      return object.kind == "NATGateway" || object.kind == "DynamoDBTable" ||
             object.kind == "EC2Instance" || object.kind == "RDSInstance" ||
             object.kind == "ElastiCacheCluster";
    });
  }

  void heed() {
    const auto bound = heeding();
    if (!bound) return;
    user_.touch_everything();
    go_until(world_.timeline.now() + seconds(1));
    go_until_nothing(*bound, "heeds", [this] { return unheeded(); });
  }

  std::string unheeded() {
    for (const Sample& sample : samples()) {
      for (const Json* object : world_.kube.all(sample.kind)) {
        const Json* seen = find_path(*object, "status.observedGeneration");
        const Json* generation = find_path(*object, "metadata.generation");
        if (seen != nullptr && generation != nullptr && same(*seen, *generation)) continue;
        return fmt::format("an edit of {} {} is not seen", sample.kind,
                           text_at(*object, "metadata.name"));
      }
    }
    return {};
  }

  void go_away() {
    user_.mend_broken_provider();
    user_.delete_everything();
    if (const auto bound = heeding(); bound && !any_goes_slowly()) {
      go_until_nothing(*bound, "heeds", [this] { return still_there(); });
    }
    if (!good()) return;
    go_until_nothing(kBound, "goes-away", [this] { return still_there(); });
    if (good()) check_leftovers();
  }

  void end() {
    for (int pod = 0; pod < world_.pod_count(); ++pod) world_.stop_pod(pod, false);
    go_until_nothing(kStop, "ends", [this] {
      return world_.all_down() ? std::string() : std::string("a pod does not end");
    });
  }

  std::string wrong_provider() {
    for (const Json* provider : world_.kube.all("AWSProvider")) {
      const bool broken = text_at(*provider, "metadata.namespace") == kBrokenNamespace;
      const std::string wanted = broken ? "Unauthenticated" : "Available";
      if (reason_of(*provider) != wanted) {
        return fmt::format("the provider does not say {} ({})", wanted, condition_of(*provider));
      }
    }
    return {};
  }

  std::string not_as_declared() {
    if (std::string problem = wrong_provider(); !problem.empty()) return problem;
    const auto resources = world_.aws.resources();
    for (const Sample& sample : samples()) {
      for (const Json* object : world_.kube.all(sample.kind)) {
        std::string problem = problem_of(sample.kind, *object, resources);
        if (problem.empty()) continue;
        return fmt::format("{} {}: {} ({})", sample.kind, text_at(*object, "metadata.name"),
                           problem, condition_of(*object));
      }
    }
    return {};
  }

  // Somebody else's from the start, or left in AWS by an earlier object of that name.
  bool is_taken(const std::string& kind, const Json& object) const {
    const std::string name = chosen_name(kind, *find_path(object, "spec"));
    if (name.empty() || !invariants_.ledger().live_of(text_at(object, "metadata.uid")).empty()) {
      return false;
    }
    const bool left = std::ranges::any_of(invariants_.retained(), [&](const std::string& uid) {
      return std::ranges::any_of(invariants_.ledger().live_of(uid), [&](const Ledger::Key& key) {
        return std::get<0>(key) == kind && std::get<2>(key).ends_with(name);
      });
    });
    const std::string uid = text_at(object, "metadata.uid");
    const bool abandoned = invariants_.abandoned_name(kind, name) &&
                           invariants_.ledger().taken(kind, name, uid, false);
    return left || abandoned || invariants_.ledger().taken(kind, name, uid, true);
  }

  // A secret that waits for its deletion has the name.
  static bool name_waits(const std::string& kind, const Json& object,
                         const std::vector<FakeAws::Resource>& resources) {
    return std::ranges::any_of(resources, [&](const FakeAws::Resource& other) {
      return kind == "SecretsManagerSecret" && other.kind == kind && !other.live &&
             other.id == chosen_name(kind, *find_path(object, "spec")) &&
             other.state.at("Gone") == Json(false);
    });
  }

  // Why an object cannot become ready, as its condition may say it; none: it can.
  std::vector<std::string> causes_against(const std::string& kind, const Json& object,
                                          const std::vector<FakeAws::Resource>& resources) const {
    const std::string ns = text_at(object, "metadata.namespace");
    if (ns == kBrokenNamespace) return {"ProviderNotReady"};
    if (ns == kUnservedNamespace) return {"ProviderNotAllowed"};
    const std::string uid = text_at(object, "metadata.uid");
    const bool waits_to_go = kind == "KMSKey" || kind == "SecretsManagerSecret";
    if (waits_to_go && invariants_.ledger().removed_by_actor(uid)) return {"ScheduledForDeletion"};
    if (name_waits(kind, object, resources)) return {"NotOurs", "NameTaken"};
    // A bucket of another account may not even be looked at.
    if (is_taken(kind, object)) return {"NotOurs", "NameTaken", "AccessDenied", "Refused"};
    if (invariants_.ledger().live_of(uid).empty() &&
        place_taken(kind, *find_path(object, "spec"), uid, resources)) {
      return {"Refused", "NameTaken"};
    }
    return {};
  }

  std::string problem_of(const std::string& kind, const Json& object,
                         const std::vector<FakeAws::Resource>& resources) {
    const std::string uid = text_at(object, "metadata.uid");
    if (find_path(object, "metadata.deletionTimestamp") != nullptr) return "is still being deleted";
    const auto causes = causes_against(kind, object, resources);
    if (!causes.empty()) {
      if (is_true(object, "status.ready")) return "says it is ready, and cannot be";
      const bool named = std::ranges::find(causes, reason_of(object)) != causes.end();
      return named ? "" : "does not name the cause, " + causes.front();
    }
    const FakeAws::Resource* found = nullptr;
    for (const auto& resource : resources) {
      if (!resource.live || !belongs_to(resource, uid)) continue;
      if (found != nullptr) return "has two resources";
      found = &resource;
    }
    if (found == nullptr) return "has no resource";
    const Json& spec = *find_path(object, "spec");
    if (is_failed(*found)) {
      return condition_of(object).starts_with("Ready=False ResourceFailed")
                 ? ""
                 : "has failed in AWS and does not say so";
    }
    for (const std::string& key : invariants_.noted_tags(uid)) {
      if (found->tags.contains(key) && !is_declared_tag(kind, spec, key)) {
        return "still has the tag " + key;
      }
    }
    if (aws_refuses(kind, spec, *found) || place_taken(kind, spec, uid, resources)) {
      return is_true(object, "status.ready") ? "says it is ready, and AWS refuses it" : "";
    }
    const auto wrong = differences(kind, spec, *found);
    if (!wrong.empty()) return wrong.front();
    if (std::string fault = wrong_value(object, *found); !fault.empty()) return fault;
    if (is_changing(*found)) return "is being worked on by AWS";
    if (!is_true(object, "status.ready")) return "does not say it is ready";
    const Json* seen = find_path(object, "status.observedGeneration");
    const Json* generation = find_path(object, "metadata.generation");
    const bool current = seen != nullptr && generation != nullptr && same(*seen, *generation);
    return current ? "" : "has not seen its newest generation";
  }

  std::string wrong_value(const Json& object, const FakeAws::Resource& resource) {
    const Json& spec = *find_path(object, "spec");
    const std::string name = values_of(spec);
    if (name.empty()) return {};
    const Json* secret = world_.kube.find("Secret", text_at(object, "metadata.namespace"), name);
    const std::string value = text_at(*secret, std::string("data.") + kValueKey);
    return value_fault(spec, base64_decode(value).value_or(""), resource);
  }

  static bool is_declared_tag(const std::string& kind, const Json& spec, const std::string& key) {
    if (key.starts_with("aws-infra-operator.runner.codes/")) return true;
    if (kind == "EC2Instance" && key == "Name") return true;  // instanceName
    const Json* tags = find_path(spec, "tags");
    return tags != nullptr && tags->is_object() && tags->get_object().contains(key);
  }

  std::string still_there() {
    for (const Sample& sample : samples()) {
      for (const Json* object : world_.kube.all(sample.kind)) {
        return fmt::format("{} {} does not go: {}", sample.kind, text_at(*object, "metadata.name"),
                           condition_of(*object));
      }
    }
    for (const Json* object : world_.kube.all("AWSProvider")) {
      return "the provider does not go: " + condition_of(*object);
    }
    return {};
  }

  void check_leftovers() {
    // A request of a process that died may still be on its way.
    go_until(world_.timeline.now() + minutes(1));
    for (const auto& [uid, name] : invariants_.objects()) {
      if (invariants_.retained().contains(uid) || invariants_.abandoned().contains(uid)) continue;
      for (const auto& key : invariants_.ledger().live_of(uid)) {
        invariants_.violate("no-orphan", fmt::format("{} is left of {}", std::get<2>(key), name));
      }
    }
  }

  const Scenario& scenario_;
  World world_;
  Invariants invariants_;
  User user_;
};

}  // namespace

Result<Program> load_program() {
  Program out;
  out.catalog = std::make_shared<aws::Catalog>(aws::core_document);
  auto definitions = definition::load_embedded();
  if (!definitions) return std::unexpected(definitions.error());
  out.definitions = std::move(*definitions);
  auto provider = definition::load_provider();
  if (!provider) return std::unexpected(provider.error());
  out.provider_definition = std::move(*provider);
  std::vector<Json> crds{definition::make_crd(out.provider_definition)};
  for (const auto& one : out.definitions) crds.emplace_back(definition::make_crd(one));
  out.schemas = kube_schemas(crds);
  return out;
}

RunResult run(const Program& program, const Scenario& scenario, const RunOptions& options) {
  return Run(program, scenario, options).go();
}

}  // namespace infra::sim
