#include "run/scenario.h"

namespace infra::sim {
namespace {

JsonObject behaviour_json(const AwsBehaviour& aws) {
  return {{"staleById", aws.stale_by_id},
          {"staleLists", aws.stale_lists},
          {"staleDetails", aws.stale_details},
          {"staleAccess", aws.stale_access},
          {"monotonic", aws.monotonic},
          {"slowOperations", aws.slow_operations},
          {"failedOperations", aws.failed_operations},
          {"failedUpdates", aws.failed_updates},
          {"shortPages", aws.short_pages}};
}

JsonObject behaviour_json(const KubeBehaviour& kube) {
  return {{"watchLag", kube.watch_lag.count()},   {"duplicateEvents", kube.duplicate_events},
          {"bookmarks", kube.bookmarks},          {"history", kube.history.count()},
          {"staleView", kube.stale_view.count()}, {"goneAtStart", kube.gone_at_start}};
}

JsonObject operation_json(const Operation& operation) {
  JsonObject out{{"at", operation.at.count()}, {"what", operation.what}};
  if (operation.object >= 0) out["object"] = operation.object;
  if (operation.pod != 0) out["pod"] = operation.pod;
  if (operation.length != Duration{0}) out["length"] = operation.length.count();
  if (!operation.text.empty()) out["text"] = operation.text;
  if (!operation.value.is_null()) out["value"] = operation.value;
  return out;
}

// Reads members that may be missing; what is there has to have the right type.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  double number(std::string_view name, double otherwise) const {
    const Json* found = find_path(json_, name);
    return found != nullptr && found->is_number() ? found->to_number<double>() : otherwise;
  }
  Duration time(std::string_view name, Duration otherwise) const {
    return Duration{std::int64_t(number(name, double(otherwise.count())))};
  }
  bool flag(std::string_view name, bool otherwise) const {
    const Json* found = find_path(json_, name);
    return found != nullptr && found->is_bool() ? found->get_bool() : otherwise;
  }
  std::string text(std::string_view name) const { return text_at(json_, name); }
  Json value(std::string_view name) const {
    const Json* found = find_path(json_, name);
    return found == nullptr ? Json() : *found;
  }
  JsonArray list(std::string_view name) const {
    const Json* found = find_path(json_, name);
    return found != nullptr && found->is_array() ? found->get_array() : JsonArray{};
  }

 private:
  const Json& json_;
};

AwsBehaviour aws_from(const Json& json) {
  const Reader in(json);
  AwsBehaviour out;
  out.stale_by_id = in.number("staleById", 0);
  out.stale_lists = in.number("staleLists", 0);
  out.stale_details = in.number("staleDetails", 0);
  out.stale_access = in.number("staleAccess", 0);
  out.monotonic = in.flag("monotonic", true);
  out.slow_operations = in.number("slowOperations", 0);
  out.failed_operations = in.number("failedOperations", 0);
  out.failed_updates = in.flag("failedUpdates", true);
  out.short_pages = in.number("shortPages", 0);
  return out;
}

KubeBehaviour kube_from(const Json& json) {
  const Reader in(json);
  KubeBehaviour out;
  out.watch_lag = in.time("watchLag", out.watch_lag);
  out.duplicate_events = in.number("duplicateEvents", 0);
  out.bookmarks = in.flag("bookmarks", true);
  out.history = in.time("history", out.history);
  out.stale_view = in.time("staleView", out.stale_view);
  out.gone_at_start = in.number("goneAtStart", 0);
  return out;
}

Operation operation_from(const Json& json) {
  const Reader in(json);
  return {.at = in.time("at", Duration{0}),
          .what = in.text("what"),
          .object = int(in.number("object", -1)),
          .pod = int(in.number("pod", 0)),
          .length = in.time("length", Duration{0}),
          .text = in.text("text"),
          .value = in.value("value")};
}

Result<std::map<std::string, Fault>> faults_from(const Json& json) {
  std::map<std::string, Fault> out;
  for (const auto& member : json.get_object()) {
    const auto fault = fault_named(std::string_view(member.value().as_string()));
    if (!fault) {
      return fail(Code::kInvalid,
                  "there is no fault '" + std::string(member.value().get_string()) + "'");
    }
    out[std::string(member.key())] = *fault;
  }
  return out;
}

}  // namespace

Json to_json(const Scenario& scenario) {
  JsonObject out{{"seed", scenario.seed},
                 {"chaos", scenario.chaos.count()},
                 {"checkInterval", scenario.check_interval.count()},
                 {"workers", scenario.workers},
                 {"leaderElect", scenario.leader_elect},
                 {"shards", scenario.shards},
                 {"otherShards", scenario.other_shards},
                 {"latency", scenario.latency.count()},
                 {"longestRestart", scenario.longest_restart.count()},
                 {"aws", behaviour_json(scenario.aws)},
                 {"kube", behaviour_json(scenario.kube)},
                 {"brokenProvider", scenario.broken_provider},
                 {"assumeRole", scenario.assume_role},
                 {"providerAt", scenario.provider_at.count()}};
  JsonArray pods;
  for (const auto& pod : scenario.pods) {
    pods.push_back(JsonObject{{"offset", pod.offset.count()}, {"rate", pod.rate}});
  }
  out["pods"] = std::move(pods);
  JsonObject rates;
  for (const auto& [fault, rate] : scenario.fault_rates) rates[to_string(fault)] = rate;
  out["faultRates"] = std::move(rates);
  if (scenario.only_faults) {
    JsonObject faults;
    for (const auto& [request, fault] : *scenario.only_faults) faults[request] = to_string(fault);
    out["faults"] = std::move(faults);
  }
  JsonArray squatted;
  for (const auto& name : scenario.squatted) squatted.emplace_back(name);
  out["squatted"] = std::move(squatted);
  JsonArray objects;
  for (const auto& object : scenario.objects) {
    objects.push_back(JsonObject{{"kind", object.kind},
                                 {"namespace", object.ns},
                                 {"name", object.name},
                                 {"at", object.at.count()},
                                 {"spec", object.spec}});
  }
  out["objects"] = std::move(objects);
  JsonArray operations;
  for (const auto& operation : scenario.operations) operations.push_back(operation_json(operation));
  out["operations"] = std::move(operations);
  return out;
}

Result<Scenario> scenario_from_json(const Json& json) {
  if (!json.is_object()) return fail(Code::kInvalid, "a scenario is a JSON object");
  const Reader in(json);
  Scenario out;
  const Json seed = in.value("seed");
  if (!seed.is_number()) return fail(Code::kInvalid, "a scenario needs a seed");
  out.seed = seed.to_number<std::uint64_t>();
  out.chaos = in.time("chaos", out.chaos);
  out.check_interval = in.time("checkInterval", out.check_interval);
  out.workers = int(in.number("workers", out.workers));
  out.leader_elect = in.flag("leaderElect", false);
  out.shards = int(in.number("shards", out.shards));
  out.other_shards = int(in.number("otherShards", out.shards));
  out.latency = in.time("latency", out.latency);
  out.longest_restart = in.time("longestRestart", out.longest_restart);
  out.aws = aws_from(in.value("aws"));
  out.kube = kube_from(in.value("kube"));
  out.broken_provider = in.flag("brokenProvider", false);
  out.assume_role = in.flag("assumeRole", false);
  out.provider_at = in.time("providerAt", out.provider_at);
  out.pods.clear();
  for (const Json& pod : in.list("pods")) {
    const Reader one(pod);
    out.pods.push_back({.offset = one.time("offset", Duration{0}), .rate = one.number("rate", 1)});
  }
  if (out.pods.empty()) return fail(Code::kInvalid, "a scenario needs pods");
  const Json rates = in.value("faultRates");
  if (rates.is_object()) {
    for (const auto& member : rates.get_object()) {
      const auto fault = fault_named(std::string_view(member.key()));
      if (!fault) {
        return fail(Code::kInvalid, "there is no fault '" + std::string(member.key()) + "'");
      }
      out.fault_rates[*fault] = member.value().to_number<double>();
    }
  }
  const Json faults = in.value("faults");
  if (faults.is_object()) {
    auto read = faults_from(faults);
    if (!read) return std::unexpected(read.error());
    out.only_faults = std::move(*read);
  }
  for (const Json& name : in.list("squatted")) out.squatted.emplace_back(name.as_string());
  for (const Json& object : in.list("objects")) {
    const Reader one(object);
    out.objects.push_back({.kind = one.text("kind"),
                           .ns = one.text("namespace"),
                           .name = one.text("name"),
                           .at = one.time("at", Duration{0}),
                           .spec = one.value("spec")});
  }
  for (const Json& operation : in.list("operations")) {
    out.operations.push_back(operation_from(operation));
  }
  return out;
}

}  // namespace infra::sim
