#include "operator/dispatcher.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

namespace infra {
namespace {

// Checks of one moment share what they read (operator/shared_reads.h), so they come at full
// multiples of this; not those that are asked for more often than about once a minute.
constexpr Duration kLineUp{5'000};
constexpr Duration kOften{30'000};
// Between two looks whether reconciles have ended.
constexpr Duration kLook{10};

// So long from `now` that it is such a moment.
Duration lined_up(SteadyTime now, Duration after) {
  if (after < kOften) return after;
  const auto past = std::chrono::duration_cast<Duration>(now.time_since_epoch() + after) % kLineUp;
  return past == Duration{0} ? after : after + kLineUp - past;
}

}  // namespace

std::string queue_key(std::string_view kind, std::string_view object_key) {
  return std::string(kind) + "/" + std::string(object_key);
}

Dispatcher::Dispatcher(Clock& clock, std::function<double()> random, Settings settings,
                       telemetry::Metrics& metrics, const telemetry::Logger& log)
    : clock_(clock), random_(random), settings_(settings), metrics_(metrics), log_(log) {}

void Dispatcher::handle(const std::string& kind, Reconcile reconcile, std::size_t checks_at_once) {
  kinds_.try_emplace(kind, std::move(reconcile), WorkQueue(clock_, random_), checks_at_once);
}

void Dispatcher::add(const std::string& key) {
  kind_of(key).queue.add(key);
  metrics_.workqueue_adds.with({key.substr(0, key.find('/'))}).inc();
  wakeup_.notify();
}

void Dispatcher::add_look(const std::string& key, Duration after) {
  kind_of(key).queue.add_after(key, after, WorkQueue::Lane::kCheck);
  metrics_.workqueue_adds.with({key.substr(0, key.find('/'))}).inc();
  wakeup_.notify();
}

Task<void> Dispatcher::run() {
  auto executor = co_await boost::asio::this_coro::executor;
  while (!stopping_) {
    for (auto& [name, kind] : kinds_) {
      while (auto taken = kind.queue.take(open_lanes(kind))) {
        kind.checks += taken->lane == Lane::kCheck ? 1 : 0;
        boost::asio::co_spawn(executor, work(&kind, std::move(*taken)), boost::asio::detached);
      }
    }
    // Where no place is left, only the end of a reconcile makes a difference.
    co_await wakeup_.wait(clock_, next_due());
  }
}

// Those for which there are places.
WorkQueue::Lanes Dispatcher::open_lanes(const Kind& kind) const {
  WorkQueue::Lanes out;
  const std::size_t others = kind.queue.in_flight() - kind.checks;
  if (others < settings_.most_at_once) out = {Lane::kEdit, Lane::kRetry};
  if (kind.checks < kind.checks_at_once) out.push_back(Lane::kCheck);
  return out;
}

std::optional<SteadyTime> Dispatcher::next_due() const {
  std::optional<SteadyTime> next;
  for (const auto& [name, kind] : kinds_) {
    const auto due = kind.queue.next_due(open_lanes(kind));
    if (due) next = std::min(next.value_or(*due), *due);
  }
  return next;
}

std::size_t Dispatcher::in_flight() const {
  std::size_t count = 0;
  for (const auto& [name, kind] : kinds_) count += kind.queue.in_flight();
  return count;
}

void Dispatcher::stop() {
  stopping_ = true;
  wakeup_.notify();
}

Task<void> Dispatcher::wait_until_none(std::function<bool(const std::string& key)> concerned) {
  const auto under_way = [&concerned](const auto& one) {
    return one.second.queue.any_in_flight(concerned);
  };
  while (std::ranges::any_of(kinds_, under_way)) co_await clock_.sleep(kLook);
}

Task<bool> Dispatcher::wait_idle(Duration limit) {
  const SteadyTime until = clock_.steady() + limit;
  while (in_flight() > 0 && clock_.steady() < until) co_await clock_.sleep(kLook);
  co_return in_flight() == 0;
}

Task<void> Dispatcher::work(Kind* kind, WorkQueue::Taken taken) {
  const WorkQueue::Key& key = taken.key;
  Next next = Next::back_off();
  try {
    std::string object_key = key.substr(key.find('/') + 1);
    next = co_await kind->reconcile(std::move(object_key), taken.lane);
  } catch (const std::exception& error) {
    log_.error("a reconcile ended with an exception; this is a bug, please report it",
               {{"key", key}, {"exception", error.what()}});
  }
  put_back(kind->queue, key, next);
  kind->queue.done(key);
  kind->checks -= taken.lane == Lane::kCheck ? 1 : 0;
  wakeup_.notify();
}

void Dispatcher::put_back(WorkQueue& queue, const WorkQueue::Key& key, const Next& next) {
  // Spread to either side, so that checks do not all come at once.
  const auto spread = [this, &next](Duration time) {
    const double part = 1 + next.jitter.value_or(settings_.jitter) * (2 * random_() - 1);
    return Duration{std::int64_t(double(time.count()) * part)};
  };
  switch (next.kind) {
    case Next::Kind::kCheck:
      queue.succeeded(key);
      queue.add_after(key, lined_up(clock_.steady(), spread(next.after)), WorkQueue::Lane::kCheck);
      break;
    case Next::Kind::kWait:
      queue.succeeded(key);
      queue.add_after(key, next.after, WorkQueue::Lane::kRetry);
      break;
    case Next::Kind::kBackOff: queue.add_failed(key); break;
    case Next::Kind::kForget: queue.succeeded(key); break;
  }
}

void Dispatcher::refresh_metrics() {
  for (const auto& [name, kind] : kinds_) {
    metrics_.workqueue_depth.with({name}).set(double(kind.queue.due()));
  }
}

}  // namespace infra
