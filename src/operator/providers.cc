#include "operator/providers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "operator/interval.h"
#include "planning/access.h"
#include "planning/path.h"
#include "reconcile/conditions.h"
#include "reconcile/finalizer.h"

namespace infra {

using reconcile::Condition;
using reconcile::condition_of;
using reconcile::Object;

namespace {

// How soon a provider that does not work is tried again: what lies beyond its Secret, which is
// watched, may have been mended.
constexpr Duration kRetry{15'000};

bool flag_or(const Json& object, std::string_view path, bool otherwise) {
  const Json* said = find_path(object, path);
  return said != nullptr && said->is_bool() ? said->get_bool() : otherwise;
}

// Says nothing about whether the credentials are good.
bool may_pass(const Error& error) {
  return outcome_unknown(error) || error.code == Code::kThrottled;
}

// Who the credentials belong to, if that is the account that is meant.
Result<Json> of_account(Result<Json> identity, const std::string& meant) {
  if (!identity || meant.empty() || text_at(*identity, "Account") == meant) return identity;
  return fail(Code::kDenied, "the credentials belong to account " + text_at(*identity, "Account") +
                                 " and spec.accountID is " + meant +
                                 "; correct one of them. Nothing is done with them");
}

void end_failed(Reach& reach, const Error& error) {
  reach.end("failed", to_string(error.code), error.message);
}

}  // namespace

Providers::Providers(CredentialTools tools, std::shared_ptr<aws::Catalog> catalog,
                     Settings settings, std::function<double()> random, WatchedKind& kind,
                     ProviderUsers& users, ChangeQueues& queues, telemetry::Metrics& metrics,
                     const telemetry::Logger& log)
    : tools_(std::move(tools)),
      catalog_(std::move(catalog)),
      budgets_(tools_.clock),
      settings_(std::move(settings)),
      random_(std::move(random)),
      kind_(kind),
      users_(users),
      queues_(queues),
      metrics_(metrics),
      log_(log) {}

Providers::Found Providers::find(const std::string& key, const std::string& user_namespace) const {
  const auto object = kind_.get(key);
  if (!object) {
    return reconcile::Blocked{
        .reason = "ProviderNotFound",
        .message = "There is no AWSProvider " + key + "; create it, or correct spec.providerRef"};
  }
  if (!planning::serves(*object, user_namespace)) {
    return reconcile::Blocked{.reason = "ProviderNotAllowed",
                              .message = planning::does_not_serve(key, user_namespace)};
  }
  const auto entry = entries_.find(key);
  if (entry == entries_.end() || !entry->second.checked) return Pending{};
  if (entry->second.cloud == nullptr) {
    return reconcile::Blocked{
        .reason = "ProviderNotReady",
        .message = "AWSProvider " + key + " is not ready: " + entry->second.problem};
  }
  return entry->second.cloud;
}

// Only limits are shown: where there is none, the calls themselves say all.
void Providers::refresh_metrics() {
  metrics_.aws_budget_rate.clear();
  metrics_.aws_budget_waiting.clear();
  for (const auto& [key, budget] : budgets_.all()) {
    const auto rate = budget.rate();
    if (!rate) continue;
    metrics_.aws_budget_rate.with({key.account, key.region, key.service, key.operation}).set(*rate);
    metrics_.aws_budget_waiting.with({key.account, key.region, key.service, key.operation})
        .set(double(budget.waiting()));
  }
}

Task<Next> Providers::reconcile(Reach reach, std::string key, bool ours) {
  auto loaded = co_await reach.store().load(key);
  if (!loaded && loaded.error().code == Code::kNotFound) {
    co_await queues_.leave(key);
    forget(key);
    if (on_change) on_change(key, News::kChanged);
    co_return Next::forget();
  }
  if (!loaded) {
    end_failed(reach, loaded.error());
    co_return Next::back_off();
  }
  Object object = std::move(*loaded);
  Result<bool> held = true;
  if (ours) held = co_await hold_or_release(reach, &object);
  if (!held) {
    log_.error("cannot change the finalizers of a provider",
               about(object, telemetry::fields_of(held.error())));
    end_failed(reach, held.error());
    co_return Next::back_off();
  }
  if (!*held) {
    co_await queues_.leave(key);
    reach.end("gone", "", std::nullopt);
    co_return Next::forget();
  }
  Next next = co_await check(reach, std::move(object), ours);
  co_return next;
}

// The finalizer keeps a provider until nothing uses it. False: the object is free to go.
Task<Result<bool>> Providers::hold_or_release(Reach& reach, Object* object) {
  const bool held = reconcile::holds_finalizer(kind_.definition(), *object);
  const bool release = object->deleting() && users_.of(kube::object_key(object->json())).empty();
  if (held != release) co_return held || !object->deleting();
  JsonObject patch = release ? reconcile::release_patch(kind_.definition(), *object)
                             : reconcile::hold_patch(kind_.definition(), *object);
  auto saved = co_await reach.store().patch_metadata(*object, std::move(patch),
                                                     reconcile::ObjectStore::Check::kSameVersion);
  if (!saved) co_return std::unexpected(saved.error());
  *object = std::move(*saved);
  co_return !release;
}

Result<aws::ClientConfig> Providers::client_config(const Json& spec) const {
  aws::ClientConfig config = settings_.base;
  config.region = text_at(spec, "region");
  const std::string endpoint = text_at(spec, "endpoint");
  if (endpoint.empty()) return config;
  if (auto granted = may_reach(tools_.grants, endpoint); !granted) {
    return std::unexpected(granted.error());
  }
  config.endpoint = endpoint;
  config.endpoints.clear();
  return config;
}

std::shared_ptr<aws::Client> Providers::make_client(aws::ClientConfig config,
                                                    std::shared_ptr<aws::CredentialSource> source) {
  auto client = std::make_shared<aws::Client>(tools_.clock, tools_.transport, catalog_,
                                              std::move(source), std::move(config), random_);
  client->observer = [this](const aws::CallRecord& record) {
    metrics_.aws_api_calls
        .with({record.service, record.operation, record.error ? "error" : "success"})
        .inc();
    metrics_.aws_api_call_duration.with({record.service, record.operation})
        .observe(std::chrono::duration<double>(record.duration).count());
    // Shown at zero before the first, which a rate would not see else.
    auto& throttles = metrics_.aws_api_throttles.with({record.service, record.operation});
    if (!record.error) return;
    metrics_.aws_api_errors.with({record.service, record.operation, record.error_code}).inc();
    if (*record.error == Code::kThrottled) throttles.inc();
  };
  return client;
}

ProviderPolicy Providers::policy_of(const Json& spec) const {
  ProviderPolicy out;
  out.tags.defaults = settings_.global_tags;
  out.tags.removes_foreign = text_at(spec, "foreignTags") == "Remove";
  planning::add_tags(spec, "defaultTags", out.tags.defaults);
  const Json* said = find_path(spec, "driftDetection");
  const Json drift = said == nullptr ? Json(JsonObject()) : *said;
  out.drift.heals = flag_or(drift, "autoHeal", settings_.heals_drift);
  out.drift.ignored = planning::texts_at(drift, "ignoreFields");
  const std::string threshold = text_at(drift, "severityThreshold");
  if (!threshold.empty()) out.drift.threshold = threshold;
  out.checks = flag_or(drift, "enabled", true);
  out.check_interval = parse_interval(text_at(drift, "checkInterval"));
  const Json* percent = find_path(drift, "jitter");
  if (percent != nullptr) out.check_jitter = percent->to_number<double>() / 100;
  return out;
}

// Puts a client into `next` unless the one there is still right.
Task<Result<void>> Providers::build(Reach& reach, const Object& object, Entry& next) {
  const Json& spec = object.spec();
  auto config = client_config(spec);
  if (!config) co_return std::unexpected(config.error());
  auto sts = config->sts(*catalog_);
  if (!sts) co_return std::unexpected(sts.error());
  ProviderSpec provider{.ns = object.namespace_name(), .name = object.name(), .spec = spec};
  auto credentials =
      co_await provider_credentials(tools_, reach.kube(), std::move(provider), std::move(*sts));
  if (!credentials) co_return std::unexpected(credentials.error());
  std::string written = canonical(spec);
  if (next.cloud != nullptr && next.spec == written &&
      next.fingerprint == credentials->fingerprint) {
    co_return Result<void>{};
  }
  if (!next.fingerprint.empty() && next.fingerprint != credentials->fingerprint) {
    metrics_.provider_credential_rotations.with({object.namespace_name(), object.name()}).inc();
  }
  next.spec = std::move(written);
  next.fingerprint = credentials->fingerprint;
  next.cloud = std::make_shared<AwsCloud>(
      tools_.clock, make_client(std::move(*config), std::move(credentials->source)),
      policy_of(spec));
  co_return Result<void>{};
}

// Which provider a line of the log is about, and what else it says.
telemetry::Fields Providers::about(const Object& object, const telemetry::Fields& more) const {
  telemetry::Fields out{
      {"kind", kind_.name()}, {"namespace", object.namespace_name()}, {"name", object.name()}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Task<Next> Providers::check(Reach& reach, Object object, bool ours) {
  const std::string key = kube::object_key(object.json());
  Entry next = entries_[key];
  const auto before = next.cloud;
  auto built = co_await build(reach, object, next);
  Result<Json> identity = Json();
  if (built) {
    const auto cloud = reach.watched(next.cloud);
    Json nothing = JsonObject();
    identity = co_await cloud->call("sts", "GetCallerIdentity", std::move(nothing),
                                    reconcile::Cloud::Intent::kRead);
    identity = of_account(std::move(identity), text_at(object.spec(), "accountID"));
  } else {
    identity = std::unexpected(built.error());
  }
  // A Secret often goes together with its provider; a client that works serves what is still there.
  const bool leaving = object.deleting() && !built;
  const bool passing = !identity && (leaving || may_pass(identity.error()));
  if (passing && before != nullptr && before == next.cloud) {
    log_.error("cannot check a provider now; it stays in use",
               about(object, telemetry::fields_of(identity.error())));
    end_failed(reach, identity.error());
    co_return Next::wait(kRetry);
  }
  if (!identity) {
    co_await queues_.leave(key);
    refuse(key, object, std::move(next), identity.error());
    Condition ready{"Ready", "False", std::string(to_string(identity.error().code)),
                    identity.error().message};
    if (ours) co_await report(reach, std::move(object), Json(), std::move(ready));
    end_failed(reach, identity.error());
    co_return Next::wait(kRetry);
  }
  next.cloud->set_caller(*identity, budgets_);
  ChangeQueue::Source queue{.url = text_at(object.spec(), "driftDetection.queueURL"),
                            .cloud = next.cloud,
                            .caller = text_at(*identity, "Arn"),
                            .said = condition_of(object.status(), ChangeQueue::kCondition)};
  accept(key, object, std::move(next));
  if (!ours) queue.url.clear();
  co_await queues_.follow(key, std::move(queue));
  Condition ready{"Ready", "True", "Available", "AWS accepts the credentials"};
  if (object.deleting()) {
    const auto& users = users_.of(key);
    ready.reason = "InUse";
    ready.message = fmt::format("Goes when the {} objects that use it have gone, such as {}",
                                users.size(), users.empty() ? "" : *users.begin());
  }
  if (ours) co_await report(reach, std::move(object), std::move(*identity), std::move(ready));
  reach.end("settled", "", std::nullopt);
  co_return Next::check(settings_.check_interval);
}

void Providers::accept(const std::string& key, const Object& object, Entry next) {
  Entry& entry = entries_[key];
  const bool changed = entry.cloud != next.cloud;
  const News news = entry.checked ? News::kChanged : News::kKnown;
  next.checked = true;
  next.problem.clear();
  entry = std::move(next);
  note_ready(object, entry, true);
  if (!changed) return;
  log_.info("provider is ready", about(object, {{"account", entry.cloud->location().account_id}}));
  if (on_change) on_change(key, news);
}

// The fingerprint stays: new keys after a time without any are new keys, too.
void Providers::refuse(const std::string& key, const Object& object, Entry next,
                       const Error& error) {
  Entry& entry = entries_[key];
  const bool changed = !entry.checked || entry.problem != error.message;
  entry = Entry{.fingerprint = std::move(next.fingerprint),
                .region = std::move(next.region),
                .problem = error.message,
                .checked = true};
  note_ready(object, entry, false);
  if (!changed) return;
  log_.error("provider is not ready", about(object, telemetry::fields_of(error)));
  if (on_change) on_change(key, News::kChanged);
}

void Providers::forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  const auto slash = key.find('/');
  const std::string ns = key.substr(0, slash), name = key.substr(slash + 1);
  metrics_.provider_ready.remove({ns, name, found->second.region});
  metrics_.provider_credential_rotations.remove({ns, name});
  entries_.erase(found);
}

void Providers::note_ready(const Object& object, Entry& entry, bool ready) {
  const std::string ns = object.namespace_name(), name = object.name();
  const std::string region = text_at(object.spec(), "region");
  if (entry.region != region) metrics_.provider_ready.remove({ns, name, entry.region});
  entry.region = region;
  metrics_.provider_ready.with({ns, name, region}).set(ready ? 1 : 0);
  metrics_.provider_credential_rotations.with({ns, name});  // shown at zero before the first
}

Task<void> Providers::report(Reach& reach, Object object, Json identity, Condition ready) {
  const Json before = object.status();
  Json status = before;
  const bool works = ready.status == "True";
  set_path(status, "ready", works);
  if (works) {
    set_path(status, "accountID", Json(text_at(identity, "Account")));
    set_path(status, "callerIdentity", Json(text_at(identity, "Arn")));
  }
  set_path(status, "observedGeneration", object.generation());
  Condition synced = ready;
  synced.type = "Synced";
  std::vector<Condition> conditions{ready, std::move(synced)};
  const auto events = queues_.condition(kube::object_key(object.json()));
  if (events) conditions.push_back(*events);
  set_path(
      status, "conditions",
      reconcile::conditions_json(before, conditions, object.generation(), tools_.clock.wall()));
  if (same(before, status)) co_return;
  if (works) set_path(status, "lastAuthenticationTime", Json(format_rfc3339(tools_.clock.wall())));
  JsonObject patch = merge_patch(before, status);
  auto saved = co_await reach.store().patch_status(object, std::move(patch),
                                                   reconcile::ObjectStore::Check::kAnyVersion);
  if (!saved) {
    log_.error("cannot write the status of a provider",
               about(object, telemetry::fields_of(saved.error())));
    co_return;
  }
  const auto told = condition_of(before, ChangeQueue::kCondition);
  const bool about_events = events && (!told || told->status != events->status);
  const Condition& news = about_events ? *events : ready;
  reach.store().record_event(object, news.status != "True", news.reason, news.message);
}

}  // namespace infra
