// What an Operator does about shards: which objects are its own, and what happens when a shard
// comes or goes (docs/design/019-shards.md).

#include <algorithm>
#include <utility>

#include "operator/operator.h"
#include "reconcile/pass.h"

namespace infra {

bool Operator::is_ours(const std::string& key) const {
  return !shards_ || shards_->holds(kube::shard_of(key, settings_.shards));
}

WatchedKind* Operator::kind_of(const std::string& key) {
  const auto kind = std::ranges::find(kinds_, key.substr(0, key.find('/')), &WatchedKind::name);
  return kind == kinds_.end() ? nullptr : &*kind;
}

void Operator::start_shards(TaskScope& scope) {
  auto lost = [this] {
    lease_lost_ = true;
    changed_.notify();
  };
  shards_->start(scope, {.asked = [this](const Result<void>& asked) { note_lease(asked); },
                         .taken = [this](int shard) { take_shard(shard); },
                         .leave = [this](int shard) { return leave_shard(shard); },
                         .lost = std::move(lost)});
}

void Operator::for_each_of(
    int shard, const std::function<void(WatchedKind&, const std::string&, const Json&)>& visit) {
  const auto visit_kind = [this, shard, &visit](WatchedKind& kind) {
    kind.for_each([&](const std::string& object_key, const kube::Bytes& bytes) {
      const std::string key = queue_key(kind.name(), object_key);
      if (kube::shard_of(key, settings_.shards) == shard) visit(kind, key, kube::to_json(bytes));
    });
  };
  visit_kind(provider_kind_);
  for (WatchedKind& kind : kinds_) visit_kind(kind);
}

void Operator::take_shard(int shard) {
  parts_.log.info("this process works on a shard", {{"shard", shard}});
  for_each_of(shard, [this](WatchedKind& kind, const std::string& key, const Json& object) {
    count(kind, Json(), object);
    kind.doubt_if_touched(key.substr(key.find('/') + 1), object);
    &kind == &provider_kind_ ? dispatcher_.add(key) : first_look(key, object);
  });
}

Task<void> Operator::leave_shard(int shard) {
  // At once: what changes from now on is counted by nobody here.
  for_each_of(shard, [this](const WatchedKind& kind, const std::string&, const Json& object) {
    count(kind, object, Json());
  });
  return end_work_on(shard);
}

Task<void> Operator::end_work_on(int shard) {
  co_await dispatcher_.wait_until_none([this, shard](const std::string& key) {
    return kube::shard_of(key, settings_.shards) == shard;
  });
  std::vector<std::string> providers;
  for_each_of(shard, [&](const WatchedKind& kind, const std::string& key, const Json&) {
    if (&kind == &provider_kind_) providers.push_back(key.substr(key.find('/') + 1));
  });
  for (const std::string& provider : providers) co_await change_queues_.leave(provider);
  parts_.log.info("this process has left a shard to others", {{"shard", shard}});
}

// The replica that works on it hears of it by its watch.
void Operator::look_elsewhere(const std::string& key, Duration after) {
  WatchedKind* kind = kind_of(key);
  if (kind == nullptr || scope_ == nullptr) return;
  scope_->spawn(ask_for_look(kind, key.substr(key.find('/') + 1), after));
}

Task<void> Operator::ask_for_look(WatchedKind* kind, std::string object_key, Duration after) {
  co_await parts_.clock.sleep(after);
  const auto slash = object_key.find('/');
  const std::string name = reconcile::group_key("reconcile-requested-at");
  Json patch = JsonObject{
      {"metadata",
       JsonObject{{"annotations", JsonObject{{name, format_rfc3339(parts_.clock.wall())}}}}}};
  auto type = resource_type(kind->definition());
  auto asked = co_await kube_at_work_.merge_patch(std::move(type), object_key.substr(0, slash),
                                                  object_key.substr(slash + 1), std::move(patch));
  if (asked) co_return;
  parts_.log.with({{"kind", kind->name()}, {"object", object_key}})
      .error("cannot ask for a look at what has changed in AWS; the next check finds it",
             telemetry::fields_of(asked.error()));
}

}  // namespace infra
