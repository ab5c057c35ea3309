#include "operator/change_queues.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <set>
#include <utility>

namespace infra {
namespace {

// Between two looks at one object: one click in the console is several calls, and whoever can write
// to a queue must not keep us busy.
constexpr Duration kBetweenLooks{3'000};

bool same_source(const ChangeQueue::Source& a, const ChangeQueue::Source& b) {
  return a.url == b.url && a.cloud == b.cloud && a.caller == b.caller;
}

}  // namespace

ChangeQueues::ChangeQueues(Clock& clock, std::function<double()> random,
                           const NamedResources& resources, telemetry::CounterFamily<1>& results,
                           const telemetry::Logger& log)
    : clock_(clock),
      random_(std::move(random)),
      resources_(resources),
      results_(results),
      log_(log) {}

Task<void> ChangeQueues::follow(std::string provider, ChangeQueue::Source source) {
  const auto before = readers_.find(provider);
  if (before != readers_.end()) {
    if (same_source(before->second->queue.source(), source)) co_return;
    co_await leave(provider);
  }
  if (stopping_ || source.url.empty()) co_return;
  auto executor = co_await boost::asio::this_coro::executor;
  const auto slash = provider.find('/');
  telemetry::Logger log = log_.with({{"kind", "AWSProvider"},
                                     {"namespace", provider.substr(0, slash)},
                                     {"name", provider.substr(slash + 1)}});
  auto failed = [log](const std::exception_ptr& thrown) {
    log.error("a queue of changes is not read any more; this is a bug, please report it",
              {{"exception", message_of(thrown)}});
  };
  auto sink = [this, provider](const ChangeEvent& event) { return note(provider, event); };
  // Neither can be moved.
  std::unique_ptr<Reader> reader(new Reader{
      .queue = ChangeQueue(clock_, random_, std::move(source), std::move(sink), results_, log),
      .scope = TaskScope(executor, std::move(failed))});
  reader->queue.on_condition = [this, provider] {
    if (on_condition) on_condition(provider);
  };
  reader->scope.spawn(reader->queue.run());
  readers_[provider] = std::move(reader);
}

Task<void> ChangeQueues::leave(std::string provider) {
  const auto left = readers_.extract(provider);
  if (left.empty()) co_return;
  co_await left.mapped()->scope.stop(clock_);
}

Task<void> ChangeQueues::stop() {
  stopping_ = true;
  while (!readers_.empty()) {
    std::string provider = readers_.begin()->first;
    co_await leave(std::move(provider));
  }
}

std::optional<reconcile::Condition> ChangeQueues::condition(const std::string& provider) const {
  const auto found = readers_.find(provider);
  if (found == readers_.end()) return std::nullopt;
  return found->second->queue.condition();
}

bool ChangeQueues::note(const std::string& provider, const ChangeEvent& event) {
  std::set<std::string> concerned;
  for (const std::string& name : event.names) {
    const auto& keys = resources_.find(provider, event.service, name);
    concerned.insert(keys.begin(), keys.end());
  }
  for (const std::string& key : concerned) {
    if (on_change) on_change(key, due_in(key));
  }
  return !concerned.empty();
}

// A look that is yet to come serves all that is told before it.
Duration ChangeQueues::due_in(const std::string& key) {
  const SteadyTime now = clock_.steady();
  std::erase_if(looks_, [now](const auto& look) { return look.second + kBetweenLooks <= now; });
  const auto [look, first] = looks_.try_emplace(key, now);
  if (!first && look->second <= now) look->second += kBetweenLooks;
  return std::chrono::duration_cast<Duration>(look->second - now);
}

}  // namespace infra
