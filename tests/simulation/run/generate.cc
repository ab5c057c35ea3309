#include "run/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "run/samples.h"
#include "run/user.h"

namespace infra::sim {
namespace {

// What can be on or off in a run.
enum class Family {
  kRefused,  // connections
  kLost,     // answers after the commit
  kServerErrors,
  kBroken,
  kSlow,
  kThrottled,
  kDenied,
  kCrashes,
  kStale,       // AWS shows late
  kOperations,  // long ones are slow
  kPages,
  kWatches,  // late, doubled, cut, compacted
  kOutages,
  kClocks,
  kPods,  // more than one, with a lease
  kPauses,
  kTampering,
  kEdits,
  kRivals,
  kRotation,
  kSquatters,
  kBrokenProvider,
  kFailures,   // functions that end in a failed state
  kOccupants,  // what keeps a resource from being deleted
  kSecrets,    // a Secret that is broken for a while, a provider that comes late
  kAssumed,    // keys that expire
  kUnserved,   // objects whose provider does not serve their namespace
  kHolders,    // finalizers of others
  kForce,      // objects that users force away
  kLeaving,    // everything is deleted while things still go wrong
  kWatching,   // objects that are only to observe, for a while
};
constexpr int kFamilies = int(Family::kWatching) + 1;

class Generator {
 public:
  Generator(std::uint64_t seed, const std::string& kind)
      : kind_(kind), families_(seed, "families"), draw_(seed, "scenario") {
    out_.seed = seed;
  }

  Scenario make() {
    choose_families();
    frame();
    rates();
    behaviours();
    pods();
    objects();
    edits();
    events();
    std::ranges::stable_sort(out_.operations, {}, &Operation::at);
    return std::move(out_);
  }

 private:
  bool on(Family family) const { return on_[std::size_t(family)]; }

  void choose_families() {
    on_.assign(kFamilies, false);
    const double which = families_.unit();
    if (which < 0.05) return;
    if (which < 0.30) {
      on_[std::size_t(families_.between(0, kFamilies - 1))] = true;
      return;
    }
    for (int i = 0; i < kFamilies; ++i) on_[std::size_t(i)] = which > 0.95 || families_.chance(0.5);
  }

  // Small more often than large, over two decades.
  double strength(double most) { return most * std::pow(10.0, -2 * draw_.unit()); }

  Duration moment() { return Duration{draw_.between(0, out_.chaos.count())}; }

  void frame() {
    out_.chaos = std::chrono::seconds(draw_.between(60, 900));
    out_.check_interval = std::chrono::seconds(draw_.pick(std::vector<int>{30, 60, 120, 300}));
    out_.workers = int(draw_.pick(std::vector<int>{1, 2, 4, 10}));
    out_.latency = Duration{draw_.pick(std::vector<int>{2, 20, 100, 800})};
    out_.longest_restart = std::chrono::seconds(draw_.pick(std::vector<int>{1, 10, 120}));
    // Keys of a role are never had by a process whose clock is wrong: STS is asked without regard
    // to it.
    out_.assume_role = on(Family::kAssumed) && !on(Family::kClocks);
    // Long enough for the keys to expire.
    if (out_.assume_role && draw_.chance(0.3)) out_.chaos = std::chrono::minutes(70);
    if (on(Family::kSecrets) && draw_.chance(0.3)) out_.provider_at = moment() / 2;
  }

  void rates() {
    auto& rates = out_.fault_rates;
    if (on(Family::kRefused)) {
      rates[Fault::kRefused] = strength(0.2);
      rates[Fault::kLostRequest] = strength(0.1);
    }
    if (on(Family::kLost)) {
      rates[Fault::kLostAnswer] = strength(0.3);
      rates[Fault::kAnswerTooLate] = strength(0.1);
      rates[Fault::kErrorAfter] = strength(0.2);
    }
    if (on(Family::kServerErrors)) rates[Fault::kServerError] = strength(0.3);
    if (on(Family::kBroken)) rates[Fault::kBrokenAnswer] = strength(0.2);
    if (on(Family::kSlow)) rates[Fault::kSlow] = strength(0.3);
    if (on(Family::kThrottled)) rates[Fault::kThrottled] = strength(0.4);
    if (on(Family::kDenied)) rates[Fault::kDenied] = strength(0.2);
    if (on(Family::kCrashes)) {
      rates[Fault::kCrashBefore] = strength(0.05);
      rates[Fault::kCrashCommitted] = strength(0.1);
      rates[Fault::kCrashAfter] = strength(0.05);
    }
  }

  void behaviours() {
    if (on(Family::kStale)) {
      out_.aws.stale_by_id = draw_.chance(0.7) ? strength(1) : 0;
      out_.aws.stale_lists = draw_.chance(0.7) ? strength(1) : 0;
      out_.aws.stale_details = draw_.chance(0.5) ? strength(1) : 0;
      out_.aws.stale_access = draw_.chance(0.5) ? strength(1) : 0;
      out_.aws.monotonic = draw_.chance(0.4);
    }
    if (on(Family::kOperations)) out_.aws.slow_operations = strength(1);
    // What an update has written is believed once AWS has accepted it.
    out_.aws.failed_updates = false;
    if (on(Family::kFailures)) out_.aws.failed_operations = strength(0.3);
    if (on(Family::kPages)) out_.aws.short_pages = strength(1);
    if (on(Family::kWatches)) {
      out_.kube.watch_lag = Duration{draw_.between(0, 30'000)};
      out_.kube.duplicate_events = strength(0.5);
      out_.kube.bookmarks = draw_.chance(0.5);
      out_.kube.history = std::chrono::seconds(draw_.between(5, 300));
      out_.kube.stale_view = Duration{draw_.between(0, 60'000)};
      out_.kube.gone_at_start = draw_.chance(0.5) ? 1 : 0;
    }
  }

  ClockError clock_error() {
    if (!on(Family::kClocks)) return {};
    return {.offset = Duration{draw_.between(-1'200'000, 1'200'000)},
            .rate = draw_.chance(0.5) ? 1.0 : 0.9 + 0.2 * draw_.unit()};
  }

  void pods() {
    out_.leader_elect = on(Family::kPods);
    const int count = on(Family::kPods) ? int(draw_.between(1, 3)) : 1;
    out_.pods.clear();
    for (int i = 0; i < count; ++i) out_.pods.push_back(clock_error());
    if (on(Family::kPods)) shards();
  }

  void shards() {
    Random draw(out_.seed, "shards");
    if (draw.chance(0.5)) out_.shards = int(draw.between(2, 5));
    out_.other_shards = draw.chance(0.2) ? int(draw.between(1, 5)) : out_.shards;
  }

  std::string any_kind() {
    if (!kind_.empty()) return kind_;
    return draw_.pick(sampled_kinds());
  }

  std::string deletion_policy(const Sample& sample) {
    if (draw_.chance(0.1)) return "Retain";
    if (!sample.own_policy.empty() && draw_.chance(0.3)) return sample.own_policy;
    return "Delete";
  }

  void objects() {
    out_.broken_provider = on(Family::kBrokenProvider);
    const int count = int(std::ceil(8 * std::pow(10.0, -draw_.unit())));
    for (int i = 0; i < count; ++i) {
      const std::string kind = any_kind();
      const Sample& sample = sample_of(kind, i + 1);
      const std::string policy = deletion_policy(sample);
      const bool broken = out_.broken_provider && draw_.chance(0.2);
      const bool unserved = !broken && on(Family::kUnserved) && draw_.chance(0.2);
      Json spec = spec_of(sample, i + 1, policy);
      if (unserved) set_path(spec, "providerRef.namespace", Json("team"));
      const std::string ns(broken     ? kBrokenNamespace
                           : unserved ? kUnservedNamespace
                                      : std::string_view("team"));
      const Duration at = draw_.chance(0.3) ? moment() / 2 : Duration{draw_.between(0, 5'000)};
      const std::string name = chosen_name(kind, spec);
      if (on(Family::kSquatters) && !name.empty()) squat(i, kind + "/" + name, at);
      out_.objects.push_back({.kind = kind,
                              .ns = ns,
                              .name = fmt::format("object-{}", i + 1),
                              .at = at,
                              .spec = spec});
    }
  }

  // Before everything else, or in the moments in which we make it.
  void squat(int object, const std::string& name, Duration at) {
    if (draw_.chance(0.2)) {
      out_.squatted.push_back(name);
    } else if (draw_.chance(0.3)) {
      out_.operations.push_back(
          {.at = at, .what = "squat", .object = object, .text = std::string(kAtCreate)});
    }
  }

  Operation about(int object, std::string what) {
    return {.at = moment(), .what = std::move(what), .object = object};
  }

  void edits() {
    leaving_ = draw_.chance(0.4);
    for (int i = 0; i < int(out_.objects.size()); ++i) {
      const auto& object = out_.objects[std::size_t(i)];
      const Sample& sample = sample_of(object.kind, i + 1);
      const int changes = on(Family::kEdits) ? int(draw_.between(0, 5)) : 0;
      for (int k = 0; k < changes; ++k) {
        Operation edit = about(i, "patch");
        edit.value = edit_of(sample, std::size_t(draw_.between(0, 99)), i + 1);
        out_.operations.push_back(std::move(edit));
      }
      if (on(Family::kEdits) && draw_.chance(0.4)) {
        Operation removal = about(i, "delete");
        // While it is still being made, or right after a change.
        if (draw_.chance(0.3)) removal.at = object.at + Duration{draw_.between(0, 10'000)};
        if (draw_.chance(0.2)) at_create(removal);
        if (draw_.chance(0.3)) {
          Operation edit = about(i, "patch");
          edit.at = std::max(Duration{0}, removal.at - Duration{draw_.between(0, 3'000)});
          edit.value = edit_of(sample, std::size_t(draw_.between(0, 99)), i + 1);
          out_.operations.push_back(std::move(edit));
        }
        if (draw_.chance(0.5)) {
          Operation again = about(i, "recreate");
          again.at = std::min(removal.at + Duration{draw_.between(100, 180'000)}, out_.chaos);
          out_.operations.push_back(std::move(again));
        }
        out_.operations.push_back(std::move(removal));
      }
      if (on(Family::kEdits) && draw_.chance(0.15)) pause_object(i);
      if (on(Family::kEdits) && object.kind == "IAMRole" && draw_.chance(0.4)) undo_policies(i);
      if (on(Family::kLeaving) && leaving_) {
        Operation removal = about(i, "delete");
        removal.at = out_.chaos / 2 + moment() / 4;
        out_.operations.push_back(std::move(removal));
      }
      if (on(Family::kRivals)) rivals(i);
      if (on(Family::kSecrets) && !values_of(object.spec).empty()) values(i);
      if (on(Family::kHolders) && draw_.chance(0.5)) hold(i);
      if (on(Family::kForce) && draw_.chance(0.3)) force_away(i);
    }
  }

  void pause_object(int object) {
    // What is only to observe is not looked at until the end of all this, for the longest of ways.
    const bool observe = on(Family::kWatching) && draw_.chance(0.7);
    const char* name = observe ? "policy" : "paused";
    Operation pause = about(object, "annotate");
    pause.value = JsonObject{{name, observe ? "observe" : "true"}};
    Operation resume = pause;
    const Duration length{draw_.between(1'000, 120'000)};
    const bool to_the_end = observe || length > Duration{80'000};
    resume.at = to_the_end ? out_.chaos : pause.at + length;
    resume.value = JsonObject{{name, nullptr}};
    out_.operations.push_back(std::move(pause));
    out_.operations.push_back(std::move(resume));
  }

  // Policies that are declared, and then no more; mostly right before the end.
  void undo_policies(int object) {
    const Json declared = parse_json(R"({"managedPolicyArns":[
        "arn:aws:iam::aws:policy/ReadOnlyAccess","arn:aws:iam::aws:policy/AWSLambdaExecute"]})")
                              .value();
    Operation one = about(object, "patch");
    one.value = declared;
    Operation other = one;
    other.at += Duration{draw_.between(0, draw_.chance(0.5) ? 2'000 : 60'000)};
    other.value = JsonObject{{"managedPolicyArns", nullptr}};
    Operation removal = other;
    removal.what = "delete";
    removal.at += Duration{draw_.between(0, 2'000)};
    out_.operations.push_back(std::move(one));
    out_.operations.push_back(std::move(other));
    if (draw_.chance(0.6)) out_.operations.push_back(std::move(removal));
  }

  void values(int object) {
    for (int i = some(4); i > 0; --i) {
      Operation change = about(object, draw_.chance(0.6) ? "new-value" : "lose-value");
      if (draw_.chance(0.2)) change.what = "lose-secret";
      if (draw_.chance(0.2)) change.at = std::min(change.at, Duration{draw_.between(0, 5'000)});
      change.length = Duration{draw_.between(1'000, 180'000)};
      out_.operations.push_back(std::move(change));
    }
  }

  void hold(int object) {
    Operation hold = about(object, "hold");
    if (draw_.chance(0.7)) {
      hold.at = out_.objects[std::size_t(object)].at + Duration{draw_.between(0, 3'000)};
    }
    hold.length = Duration{draw_.between(100, 60'000)};
    out_.operations.push_back(std::move(hold));
  }

  // And made again under its name, mostly at once.
  void force_away(int object) {
    Operation strip = about(object, "strip");
    if (draw_.chance(0.7)) at_create(strip);
    strip.length = Duration{draw_.between(1, draw_.chance(0.7) ? 500 : 60'000)};
    out_.operations.push_back(std::move(strip));
  }

  void at_create(Operation& operation) {
    operation.at = out_.objects[std::size_t(operation.object)].at;
    operation.text = kAtCreate;
  }

  void rivals(int object) {
    const int count = int(draw_.between(0, 3));
    for (int i = 0; i < count; ++i) {
      Operation rival = about(object, "rival");
      if (draw_.chance(0.3)) at_create(rival);
      out_.operations.push_back(std::move(rival));
    }
    if (draw_.chance(0.1)) out_.operations.push_back(about(object, "wipe-status"));
  }

  void event(std::string what, Duration longest = Duration{0}, std::string text = "") {
    Operation one{.at = moment(), .what = std::move(what)};
    one.pod = int(draw_.between(0, std::int64_t(out_.pods.size()) - 1));
    if (longest > Duration{0}) one.length = Duration{draw_.between(1'000, longest.count())};
    one.text = std::move(text);
    out_.operations.push_back(std::move(one));
  }

  std::string any_service() {
    static const std::vector<std::string> services{
        "*",   "ec2",        "iam",      "sqs", "kms", "lambda",
        "s3",  "ecr",        "dynamodb", "sts", "sns", "secretsmanager",
        "rds", "elasticache"};
    return draw_.pick(services);
  }

  int some(int most) { return int(draw_.between(1, most)); }

  void events() {
    using std::chrono::minutes;
    if (on(Family::kCrashes)) {
      for (int i = some(4); i > 0; --i) event(draw_.chance(0.7) ? "crash" : "restart");
    }
    if (on(Family::kOutages)) {
      for (int i = some(3); i > 0; --i) {
        event(draw_.chance(0.5) ? "kube-gone" : "aws-gone", minutes(3));
      }
    }
    if (on(Family::kDenied) && draw_.chance(0.5)) event("denied", minutes(3), any_service());
    if (on(Family::kThrottled) && draw_.chance(0.5)) event("throttled", minutes(3), any_service());
    if (on(Family::kPauses)) {
      for (int i = some(3); i > 0; --i) event("pause", minutes(2));
    }
    if (on(Family::kClocks) && draw_.chance(0.5)) event("set-clock", minutes(20));
    if (on(Family::kWatches)) {
      for (int i = some(8); i > 0; --i) {
        event("cut-watches");
        if (draw_.chance(0.5)) continue;
        Operation compact = out_.operations.back();
        compact.what = "compact";
        out_.operations.push_back(std::move(compact));
      }
    }
    if (on(Family::kTampering)) {
      for (int i = some(5); i > 0; --i) {
        event("tamper", Duration{0}, draw_.chance(0.3) ? "delete" : "");
      }
    }
    if (on(Family::kRotation)) event("rotate", minutes(2));
    if (on(Family::kOccupants)) {
      for (int i = some(4); i > 0; --i) event("occupy", minutes(5));
    }
    if (on(Family::kSecrets)) event("break-secret", minutes(5));
  }

  std::string kind_;
  Random families_;
  Random draw_;
  std::vector<bool> on_;
  bool leaving_ = false;
  Scenario out_;
};

}  // namespace

Scenario generate(std::uint64_t seed, const std::string& kind) {
  return Generator(seed, kind).make();
}

}  // namespace infra::sim
