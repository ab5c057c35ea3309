#include "operator/resources.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "operator/discreet_cloud.h"
#include "operator/interval.h"
#include "operator/secrets.h"
#include "operator/timely_cloud.h"
#include "planning/access.h"
#include "reconcile/finalizer.h"

namespace infra {

using reconcile::Blocked;
using reconcile::Failed;
using reconcile::Gone;
using reconcile::Object;
using reconcile::Outcome;
using reconcile::Report;
using reconcile::Resolved;
using reconcile::Settled;
using reconcile::Waiting;

namespace {

// Providers::on_change comes sooner; this is for a notice that was lost.
constexpr Duration kProviderPending{5'000};

std::string_view result_of(const Outcome& outcome) {
  return telemetry::Metrics::kResults[outcome.index()];
}

struct Words {
  std::string reason, message;
};

// Both empty where nothing stands in the way.
Words words_of(const Outcome& outcome) {
  if (const auto* waiting = std::get_if<Waiting>(&outcome)) {
    return {waiting->reason, waiting->message};
  }
  if (const auto* blocked = std::get_if<Blocked>(&outcome)) {
    return {blocked->reason, blocked->message};
  }
  if (const auto* failed = std::get_if<Failed>(&outcome)) {
    return {std::string(to_string(failed->error.code)), failed->error.message};
  }
  return {};
}

}  // namespace

Resources::Resources(Clock& clock, Settings settings, Providers& providers,
                     const ObjectReferences& references, telemetry::Metrics& metrics,
                     const telemetry::Logger& log)
    : clock_(clock),
      settings_(std::move(settings)),
      providers_(providers),
      references_(references),
      metrics_(metrics),
      log_(log),
      engine_(clock, settings_.cluster) {}

Task<Next> Resources::reconcile(WatchedKind& kind, Reach reach, std::string key,
                                Dispatcher::Lane lane) {
  const SteadyTime started = clock_.steady();
  auto loaded = co_await reach.store().load(key);
  if (!loaded && loaded.error().code == Code::kNotFound) co_return Next::forget();
  if (!loaded) {
    reach.end("failed", to_string(loaded.error().code), loaded.error().message);
    co_return Next::back_off();
  }
  const Object object = std::move(*loaded);
  const std::string provider = planning::provider_key_of(object.json());
  Providers::Found found = providers_.find(provider, object.namespace_name());
  if (std::holds_alternative<Providers::Pending>(found)) co_return Next::wait(kProviderPending);
  if (const auto* blocked = std::get_if<Blocked>(&found)) {
    const Outcome refused = *blocked;
    Next next = co_await hold(kind, reach, object, refused, started);
    co_return next;
  }
  auto resolved = co_await resolve(kind.definition(), object, reach);
  if (!resolved) {
    const Outcome failed = Failed{.error = resolved.error()};
    Next next = co_await hold(kind, reach, object, failed, started);
    co_return next;
  }
  if (const auto outcome = hindrance(kind, object, *resolved)) {
    Next next = co_await hold(kind, reach, object, *outcome, started);
    co_return next;
  }
  // Held for the whole reconcile: the provider may be replaced meanwhile.
  const auto provided = reach.watched(
      std::get<std::shared_ptr<AwsCloud>>(found)->used_by({lane, object.namespace_name()}));
  TimelyCloud timely(*provided, clock_, started + settings_.timeout);
  DiscreetCloud cloud(timely, std::move(resolved->hidden));
  Report done = co_await engine_.reconcile(kind.definition(), object, std::move(resolved->spec),
                                           cloud, reach.store());
  (cloud.asked() ? metrics_.cache_misses : metrics_.cache_hits).with({kind.name()}).inc();
  const auto* failed = std::get_if<Failed>(&done.outcome);
  if (failed != nullptr && failed->error.code == Code::kUnauthenticated && on_doubt) {
    on_doubt(provider);
  }
  report(kind, reach, object, done, started);
  const bool settled = std::holds_alternative<Settled>(done.outcome);
  co_return settled ? next_check(object, provided->policy()) : next_after(done.outcome);
}

Task<Result<Resolved>> Resources::resolve(const definition::Definition& definition, Object object,
                                          Reach& reach) {
  reconcile::Secrets secrets;
  if (!object.deleting()) {
    auto read = co_await secrets_for(definition, object, reach);
    if (!read) co_return std::unexpected(read.error());
    secrets = std::move(*read);
  }
  co_return reconcile::resolve(definition, object, references_, secrets);
}

Task<Result<reconcile::Secrets>> Resources::secrets_for(const definition::Definition& definition,
                                                        Object object, Reach& reach) {
  const reconcile::Asked asked = asked_by(definition, object);
  auto read = co_await read_secrets(reach.kube(), asked.named);
  if (!read) co_return read;
  const auto missing = to_generate(definition, object, *read);
  if (missing.empty()) co_return read;
  for (const auto& where : missing) {
    const auto found = read->find(where.secret);
    std::string version = found == read->end() ? "" : found->second.resource_version();
    auto made =
        co_await add_entry(reach.kube(), where, settings_.new_password(), std::move(version));
    if (!made) co_return std::unexpected(made.error());
    reach.store().record_event(object, false, "Generated",
                               "Made the key " + where.key + " of " + to_text(where.secret));
  }
  read = co_await read_secrets(reach.kube(), asked.named);
  co_return read;
}

std::optional<Outcome> Resources::hindrance(const WatchedKind& kind, const Object& object,
                                            const Resolved& resolved) const {
  if (resolved.waiting) return *resolved.waiting;
  const bool leaving = object.deleting() && holds_finalizer(kind.definition(), object);
  if (!leaving) return std::nullopt;
  return in_use(kind.definition(), object, references_.users_of(kind.name(), object), references_);
}

Task<Next> Resources::hold(WatchedKind& kind, Reach& reach, Object object, Outcome outcome,
                           SteadyTime started) {
  metrics_.cache_hits.with({kind.name()}).inc();
  Report held{.outcome = std::move(outcome), .corrected = false, .severity = {}, .compared = {}};
  co_await engine_.report_only(kind.definition(), object, held.outcome, reach.store());
  report(kind, reach, object, held, started);
  co_return next_after(held.outcome);
}

Next Resources::next_after(const Outcome& unsettled) {
  const auto* waiting = std::get_if<Waiting>(&unsettled);
  if (waiting != nullptr && waiting->after > Duration{0}) return Next::wait(waiting->after);
  return std::holds_alternative<Gone>(unsettled) ? Next::forget() : Next::back_off();
}

Next Resources::next_check(const Object& object, const ProviderPolicy& policy) const {
  const auto asked = parse_interval(object.annotation("check-interval"));
  if (!policy.checks && !asked) return Next::forget();
  const Duration usual = policy.check_interval.value_or(settings_.check_interval);
  return Next::check(asked.value_or(usual), policy.check_jitter);
}

void Resources::note_drift(const std::string& kind, const Report& report) {
  if (report.compared) {
    metrics_.drift_detection_duration.with({kind}).observe(
        std::chrono::duration<double>(*report.compared).count());
  }
  const bool found = !report.severity.empty();
  if (found) metrics_.drift_detected.with({kind, report.severity}).inc();
  const auto* blocked = std::get_if<Blocked>(&report.outcome);
  const bool left_so = blocked != nullptr && blocked->reason == planning::kDrifted;
  if ((!found && !report.corrected) || left_so) return;
  if (const auto* failed = std::get_if<Failed>(&report.outcome)) {
    metrics_.drift_healing_failures.with({kind, to_string(failed->error.code)}).inc();
  } else if (report.corrected) {
    metrics_.drift_healed.with({kind}).inc();
  } else {
    metrics_.drift_healing_failures.with({kind, to_string(Code::kBlocked)}).inc();
  }
}

void Resources::report(const WatchedKind& kind, Reach& reach, const Object& object,
                       const Report& report, SteadyTime started) {
  const std::string& name = kind.name();
  const auto took = std::chrono::duration<double>(clock_.steady() - started).count();
  const auto result = result_of(report.outcome);
  metrics_.reconcile_total.with({name, result}).inc();
  metrics_.reconcile_duration.with({name}).observe(took);
  note_drift(name, report);
  const auto* failed = std::get_if<Failed>(&report.outcome);
  if (failed != nullptr) {
    metrics_.reconcile_errors.with({name, to_string(failed->error.code)}).inc();
    if (object.deleting())
      metrics_.finalizer_errors.with({name, to_string(failed->error.code)}).inc();
  }
  const Words words = words_of(report.outcome);
  telemetry::Fields fields{{"kind", name},
                           {"namespace", object.namespace_name()},
                           {"name", object.name()},
                           {"result", result},
                           {"seconds", took}};
  const auto add = [&fields](const char* field, const std::string& text) {
    if (!text.empty()) fields.push_back({field, text});
  };
  add("reason", words.reason);
  add("message", words.message);
  add("trace_id", reach.trace_id());
  if (failed != nullptr) {
    log_.error("reconciled", fields);
  } else {
    const bool blocked = std::holds_alternative<Blocked>(report.outcome);
    blocked ? log_.info("reconciled", fields) : log_.debug("reconciled", fields);
  }
  reach.end(result, words.reason,
            failed == nullptr ? std::nullopt : std::optional(failed->error.message));
  if (std::holds_alternative<Gone>(report.outcome)) {
    const auto since = parse_rfc3339(text_at(object.json(), "metadata.deletionTimestamp"));
    metrics_.finalizer_duration.with({name}).observe(
        std::chrono::duration<double>(clock_.wall() - since).count());
  }
}

}  // namespace infra
