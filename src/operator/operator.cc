#include "operator/operator.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "operator/news.h"
#include "planning/access.h"

namespace infra {
namespace {

constexpr Duration kEventsLimit{2'000};
constexpr Duration kTracesLimit{2'000};
// Checks of a kind that are under way together. Each takes some 50 kB and, if it has calls of its
// own to make, a connection; what only waits for a read that many share makes the fewer requests.
constexpr std::size_t kChecks = 20;
constexpr std::size_t kSharedChecks = 200;

// With shards it says how the work is divided, and all replicas of that mind hold it together
// (docs/design/019-shards.md).
kube::LeaseSettings main_lease(const OperatorSettings& settings) {
  kube::LeaseSettings out = settings.lease;
  if (settings.shards == 1) return out;
  out.identity = std::to_string(settings.shards) + "-shards";
  out.shared = true;
  return out;
}

// Those of the settings, and what the operator itself has.
ProviderGrants all_grants(const OperatorSettings& settings, const aws::ClientConfig& base) {
  ProviderGrants out = settings.grants;
  out.own_namespace = settings.pod.ns;
  std::vector<std::string> own{base.endpoint};
  for (const auto& [service, endpoint] : base.endpoints) own.push_back(endpoint);
  for (const auto& endpoint : own) {
    if (const auto url = net::parse_url(endpoint)) out.endpoints.push_back(place_of(*url));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Operator>> Operator::make(OperatorParts parts, OperatorSettings settings) {
  auto base = aws::ClientConfig::from_environment(parts.environment);
  if (!base) return std::unexpected(base.error());
  return std::unique_ptr<Operator>(
      new Operator(std::move(parts), std::move(settings), std::move(*base)));
}

Operator::Operator(OperatorParts parts, OperatorSettings settings, aws::ClientConfig base)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      elector_(parts_.kube, parts_.clock, parts_.random, main_lease(settings_)),
      fenced_(parts_.transport, [this] { return may_work(); }),
      kube_at_work_(fenced_, parts_.clock, parts_.kube.config()),
      events_(kube_at_work_, parts_.clock, parts_.random),
      provider_kind_(parts_.provider_definition, parts_.kube, parts_.clock, parts_.random,
                     settings_.namespaces),
      provider_store_(kube_at_work_, events_, provider_kind_),
      references_(kinds_),
      secrets_(parts_.kube, parts_.clock, parts_.random, settings_.namespaces),
      dispatcher_(parts_.clock, parts_.random, settings_.dispatching, parts_.metrics, parts_.log),
      change_queues_(parts_.clock, parts_.random, resources_by_name_, parts_.metrics.change_events,
                     parts_.log),
      providers_({.clock = parts_.clock,
                  .transport = fenced_,
                  .environment = parts_.environment,
                  .pod_role = settings_.pod_role,
                  .grants = all_grants(settings_, base),
                  .hash_key = parts_.hash_key},
                 parts_.catalog,
                 {.base = std::move(base),
                  .check_interval = settings_.check_interval,
                  .global_tags = settings_.global_tags,
                  .heals_drift = settings_.heals_drift},
                 parts_.random, provider_kind_, users_, change_queues_, parts_.metrics, parts_.log),
      resources_(parts_.clock,
                 {.cluster = settings_.cluster,
                  .check_interval = settings_.check_interval,
                  .timeout = settings_.reconcile_timeout,
                  .new_password = parts_.new_password},
                 providers_, references_, parts_.metrics, parts_.log) {
  if (settings_.leader_elect && settings_.shards > 1) {
    shards_.emplace(parts_.kube, parts_.clock, parts_.random,
                    kube::ShardSettings{.lease = settings_.lease,
                                        .shards = settings_.shards,
                                        .member = settings_.replica,
                                        .pod = settings_.pod});
  }
  parts_.health.add("caches");
  providers_.on_change = [this](const std::string& provider, Providers::News news) {
    for (const auto& user : users_.of(provider)) wake(user, news);
  };
  // Before all is known, everything is due anyway.
  references_.on_wake = [this](const reconcile::Target& target) {
    const std::string key = queue_key(target.kind, target.ns + "/" + target.name);
    if (synced_ && is_ours(key)) dispatcher_.add(key);
  };
  change_queues_.on_change = [this](const std::string& key, Duration after) {
    is_ours(key) ? dispatcher_.add_look(key, after) : look_elsewhere(key, after);
  };
  change_queues_.on_condition = [this](const std::string& provider) {
    dispatcher_.add(queue_key(provider_kind_.name(), provider));
  };
  resources_.on_doubt = [this](const std::string& provider) {
    dispatcher_.add(queue_key(provider_kind_.name(), provider));
  };
  dispatcher_.handle(
      provider_kind_.name(),
      [this](std::string key, Dispatcher::Lane) {
        const bool ours = is_ours(queue_key(provider_kind_.name(), key));
        return providers_.reconcile(reach(provider_kind_, key, provider_store_), key, ours);
      },
      kChecks);
  for (const auto& informer : provider_kind_.informers()) follow(provider_kind_, *informer);
  watch_secrets();
  if (settings_.traces) {
    tracer_.emplace(parts_.clock, parts_.random, settings_.traces->tracer,
                    parts_.metrics.trace_spans);
    // Past the fence: what was done before the lease went is still told.
    exporter_.emplace(parts_.transport, parts_.clock, parts_.random, *tracer_,
                      settings_.traces->exporter, parts_.log);
  }
  for (const auto& definition : parts_.definitions) add_kind(definition);
}

Reach Operator::reach(const WatchedKind& kind, const std::string& key, KubeStore& store) {
  auto span = tracer_ ? tracer_->begin_trace("reconcile " + kind.name()) : std::nullopt;
  if (!span) return Reach(kube_at_work_, store);
  const auto slash = key.find('/');
  span->attributes = {{"infra.kind", kind.name()},
                      {"k8s.namespace.name", key.substr(0, slash)},
                      {"infra.name", key.substr(slash + 1)}};
  return Reach(*tracer_, std::move(*span), fenced_, parts_.clock, parts_.kube.config(), store);
}

void Operator::add_kind(const definition::Definition& definition) {
  WatchedKind& kind = kinds_.emplace_back(definition, parts_.kube, parts_.clock, parts_.random,
                                          settings_.namespaces);
  KubeStore& store = stores_.emplace_back(kube_at_work_, events_, kind);
  references_.learn(definition);
  dispatcher_.handle(
      kind.name(),
      [this, &kind, &store](std::string key, Dispatcher::Lane lane) {
        return reconcile(&kind, &store, std::move(key), lane);
      },
      definition::is_read_together(definition) ? kSharedChecks : kChecks);
  for (const auto& informer : kind.informers()) follow(kind, *informer);
}

Task<Next> Operator::reconcile(WatchedKind* kind, KubeStore* store, std::string key,
                               Dispatcher::Lane lane) {
  if (!is_ours(queue_key(kind->name(), key))) co_return Next::forget();
  Next next = co_await resources_.reconcile(*kind, reach(*kind, key, *store), key, lane);
  co_return next;
}

void Operator::watch_secrets() {
  secrets_.on_change([this](const reconcile::Target& secret) { references_.note_secret(secret); });
  secrets_.on_error([this](const Error& error) {
    parts_.log.error("cannot watch Secrets; what changes in them is found at the next look",
                     telemetry::fields_of(error));
  });
}

void Operator::follow(WatchedKind& kind, kube::Informer& informer) {
  informer.on_change([this, &kind](const kube::Change& change) { on_object(kind, change); });
  informer.on_synced([this] { note_synced(); });
  informer.on_error(
      [this, &kind, ns = informer.ns()](const Error& error) { note_trouble(kind, ns, error); });
  informer.on_recovered([this, place = kind.name() + "/" + informer.ns()] {
    out_of_reach_.erase(place);
    if (synced_) show_caches();
  });
}

void Operator::note_trouble(const WatchedKind& kind, const std::string& ns, Error error) {
  const bool no_kind = error.code == Code::kNotFound;
  if (no_kind) error.message += "; install the CRDs of chart/templates/crds";
  parts_.log.with({{"kind", kind.name()}}).error("cannot watch", telemetry::fields_of(error));
  const std::string text = "cannot watch " + kind.name() + ": " + error.message;
  const bool passing = !no_kind && error.code != Code::kDenied;
  if (!passing) out_of_reach_[kind.name() + "/" + ns] = text;
  if (synced_) {
    show_caches();
  } else {
    parts_.health.set_ready("caches", false, text);
  }
  if (settings_.pod.name.empty() || passing) return;
  events_.record(settings_.pod, kube::EventType::kWarning, std::string(to_string(error.code)),
                 text);
}

void Operator::on_object(WatchedKind& kind, const kube::Change& change) {
  const std::string key = queue_key(kind.name(), change.key);
  const Json before = kube::to_json(change.before);
  const Json after = kube::to_json(change.after);
  const bool ours = is_ours(key), is_provider = &kind == &provider_kind_;
  if (ours) count(kind, before, after);
  if (after.is_null()) kind.trust(change.key);
  if (shards_ && before.is_null()) kind.doubt_if_touched(change.key, after);
  if (is_provider) {
    follow_secrets_of(before, after);
  } else {
    follow_provider_of(key, before, after);
    resources_by_name_.set(key, kind.definition(), after);
    references_.note(kind, before, after);
  }
  // The watch may bring our own writes before their answer does: what counts is what is in a
  // change.
  if (!is_news(before, after)) return;
  if (change.kind == kube::ChangeKind::kWritten) return;
  if (is_provider) return dispatcher_.add(key);
  if (!ours) return;
  before.is_null() ? first_look(key, after) : dispatcher_.add(key);
}

// What was settled before we came has time for a look like any other: they are spread over the
// time between two.
void Operator::first_look(const std::string& key, const Json& object) {
  if (!seems_settled(object)) return dispatcher_.add(key);
  const auto interval = double(settings_.check_interval.count());
  dispatcher_.add_look(key, Duration{std::int64_t(interval * parts_.random())});
}

// What is known of its provider has changed. What was settled has time: those go before it that a
// user waits for, and after a start it is looked at in its turn.
void Operator::wake(const std::string& key, Providers::News news) {
  if (!is_ours(key)) return;
  const WatchedKind* kind = kind_of(key);
  const auto object =
      kind == nullptr ? Result<Json>(Json()) : kind->get(key.substr(key.find('/') + 1));
  const bool settled = object && object->is_object() && seems_settled(*object);
  if (!settled) return dispatcher_.add(key);
  if (news == Providers::News::kChanged) dispatcher_.add_look(key, Duration{0});
}

void Operator::follow_secrets_of(const Json& provider_before, const Json& provider_after) {
  const bool gone = provider_after.is_null();
  const reconcile::Object provider(gone ? provider_before : provider_after);
  reconcile::Asked asked;
  if (!gone) asked.named = secrets_of_provider(provider.spec(), provider.namespace_name());
  references_.follow(reconcile::target_of(provider_kind_.name(), provider.json()),
                     std::move(asked));
}

void Operator::follow_provider_of(const std::string& key, const Json& before, const Json& after) {
  if (!after.is_null()) {
    users_.set(key, planning::provider_key_of(after));
    return;
  }
  const std::string provider = planning::provider_key_of(before);
  users_.remove(key);
  // The last user has gone: a provider that is being deleted may go too.
  if (users_.of(provider).empty()) dispatcher_.add(queue_key(provider_kind_.name(), provider));
}

void Operator::count(const WatchedKind& kind, const Json& before, const Json& after) {
  const auto gauge = [this, &kind](const Json& object) -> telemetry::Gauge& {
    return parts_.metrics.resources.with(
        {kind.name(), reconcile::is_ready(object) ? "ready" : "notready"});
  };
  if (!before.is_null()) gauge(before).dec();
  if (!after.is_null()) gauge(after).inc();
  // Shown before the first deletion, which a rate would not see else.
  parts_.metrics.finalizer_duration.with({kind.name()});
  if (parts_.metrics.per_object) show_creation(kind.name(), before, after);
}

void Operator::show_creation(const std::string& kind, const Json& before, const Json& after) {
  const Json& object = after.is_null() ? before : after;
  const std::string ns = text_at(object, "metadata.namespace");
  const std::string name = text_at(object, "metadata.name");
  auto& made = parts_.metrics.resource_creation_timestamp;
  if (after.is_null()) {
    made.remove({kind, ns, name});
    return;
  }
  const WallTime at = parse_rfc3339(text_at(object, "metadata.creationTimestamp"));
  made.with({kind, ns, name}).set(std::chrono::duration<double>(at.time_since_epoch()).count());
}

void Operator::note_synced() {
  synced_ = provider_kind_.synced() &&
            std::ranges::all_of(kinds_, [](const auto& kind) { return kind.synced(); });
  if (!synced_) return;
  show_caches();
  parts_.log.info("caches are synced");
  changed_.notify();
}

// A server that cannot be reached for a while makes nothing unready: what is known still serves.
void Operator::show_caches() {
  const bool ready = out_of_reach_.empty();
  parts_.health.set_ready("caches", ready, ready ? "" : out_of_reach_.begin()->second);
}

bool Operator::may_work() const {
  if (!settings_.leader_elect) return true;
  return elector_.leading() && (!shards_ || shards_->in_time());
}

// False if there is no point in it any more.
Task<bool> Operator::wait_until(bool Operator::* reached) {
  while (!stopping_ && !lease_lost_ && !(this->*reached)) co_await changed_.wait(parts_.clock);
  co_return !stopping_ && !lease_lost_;
}

void Operator::note_lease(const Result<void>& asked) {
  const std::string problem = asked ? "" : asked.error().message;
  parts_.health.set_ready("lease", asked.has_value(), problem);
  if (std::exchange(lease_problem_, problem) == problem || asked) return;
  parts_.log.error("cannot get or renew the lease", telemetry::fields_of(asked.error()));
}

void Operator::stand_for_election(TaskScope& scope) {
  parts_.health.add("lease");
  auto asked = [this](const Result<void>& done) { note_lease(done); };
  auto waiting = [this] { parts_.health.set_ready("caches", true); };
  auto started = [this] {
    leading_ = true;
    parts_.health.set_ready("caches", false, "listing objects");
    parts_.log.info("this process leads");
    changed_.notify();
  };
  auto lost = [this] {
    lease_lost_ = true;
    changed_.notify();
  };
  kube::LeaderElector::Handlers handlers{.asked = std::move(asked),
                                         .waiting = std::move(waiting),
                                         .started = std::move(started),
                                         .stopped = std::move(lost)};
  scope.spawn(elector_.run(std::move(handlers)));
}

// Objects are listed only once it is our turn: a copy that was kept while another process worked
// may be old without knowing it, and would undo what the other has done.
Task<void> Operator::work(TaskScope& scope) {
  if (!settings_.leader_elect) leading_ = true;
  bool going_on = co_await wait_until(&Operator::leading_);
  if (!going_on) co_return;
  if (shards_) start_shards(scope);
  for (const auto& informer : provider_kind_.informers()) scope.spawn(informer->run());
  for (const auto& kind : kinds_) {
    for (const auto& informer : kind.informers()) scope.spawn(informer->run());
  }
  // Nobody waits for these: they only bring forward what would be looked at anyway.
  for (const auto& informer : secrets_.informers()) scope.spawn(informer->run());
  going_on = co_await wait_until(&Operator::synced_);
  if (going_on) scope.spawn(dispatcher_.run());
}

Task<Operator::End> Operator::run() {
  auto executor = co_await boost::asio::this_coro::executor;
  TaskScope scope(executor, [this](std::exception_ptr thrown) {
    parts_.log.error("a task ended with an exception; this is a bug, please report it",
                     {{"exception", message_of(thrown)}});
    stop();
  });
  scope_ = &scope;
  scope.spawn(events_.run());
  if (exporter_) scope.spawn(exporter_->run());
  if (settings_.leader_elect) stand_for_election(scope);
  co_await work(scope);
  while (!stopping_ && !lease_lost_) co_await changed_.wait(parts_.clock);
  co_await shut_down(scope);
  co_return lease_lost_ ? End::kLeaseLost : End::kStopped;
}

Task<void> Operator::shut_down(TaskScope& scope) {
  parts_.health.set_ready("caches", false, "stopping");
  co_await change_queues_.stop();
  dispatcher_.stop();
  // Without the lease another process may begin: the margin before that is short.
  const Duration grace =
      lease_lost_ ? settings_.lease.duration - settings_.lease.renew_deadline : settings_.grace;
  const bool idle = co_await dispatcher_.wait_idle(grace);
  if (!idle) {
    parts_.log.error("some reconciles did not end in time; the next process takes them up again");
  }
  if (!lease_lost_) co_await events_.drain(kEventsLimit);
  if (!lease_lost_ && exporter_) co_await exporter_->drain(kTracesLimit);
  co_await scope.stop(parts_.clock);
  if (!settings_.leader_elect || !leading_ || lease_lost_) co_return;
  if (shards_) {
    co_await shards_->release();
    co_return;
  }
  auto released = co_await elector_.release();
  if (!released) {
    parts_.log.error("cannot give the lease back; it runs out by itself",
                     telemetry::fields_of(released.error()));
  }
}

void Operator::refresh_metrics() {
  dispatcher_.refresh_metrics();
  providers_.refresh_metrics();
  parts_.metrics.shards_held.clear();
  for (int i = 0; i < settings_.shards; ++i) {
    const bool held = shards_ ? shards_->holds(i) : leading_;
    if (held) parts_.metrics.shards_held.with({std::to_string(i)}).set(1);
  }
}

void Operator::stop() {
  stopping_ = true;
  changed_.notify();
}

}  // namespace infra
