#include "operator/dispatcher.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

namespace infra {
namespace {

// Checks of one moment share what they read (operator/shared_reads.h), so they come at full
// multiples of this; not those that are asked for more often than once a minute.
constexpr Duration kLineUp{5'000};
constexpr Duration kOften{60'000};
// Between two looks whether reconciles have ended.
constexpr Duration kLook{10};

// So long from `now` that it is such a moment.
Duration lined_up(SteadyTime now, Duration after) {
  if (after < kOften) return after;
  const auto past = std::chrono::duration_cast<Duration>(now.time_since_epoch() + after) % kLineUp;
  return past == Duration{0} ? after : after + kLineUp - past;
}

std::string_view kind_of(std::string_view key) { return key.substr(0, key.find('/')); }

}  // namespace

std::string queue_key(std::string_view kind, std::string_view object_key) {
  return std::string(kind) + "/" + std::string(object_key);
}

Dispatcher::Dispatcher(Clock& clock, std::function<double()> random, Settings settings,
                       telemetry::Metrics& metrics, const telemetry::Logger& log)
    : clock_(clock),
      random_(random),
      settings_(settings),
      metrics_(metrics),
      log_(log),
      queue_(clock, std::move(random)) {}

void Dispatcher::handle(const std::string& kind, Reconcile reconcile) {
  reconciles_[kind] = std::move(reconcile);
}

void Dispatcher::add(const std::string& key) {
  queue_.add(key);
  metrics_.workqueue_adds.with({kind_of(key)}).inc();
  wakeup_.notify();
}

void Dispatcher::add_look(const std::string& key, Duration after) {
  queue_.add_after(key, after, WorkQueue::Lane::kCheck);
  metrics_.workqueue_adds.with({kind_of(key)}).inc();
  wakeup_.notify();
}

Task<void> Dispatcher::run() {
  auto executor = co_await boost::asio::this_coro::executor;
  while (!stopping_) {
    while (auto taken = queue_.take(open_lanes())) {
      checks_ += taken->lane == Lane::kCheck ? 1 : 0;
      boost::asio::co_spawn(executor, work(std::move(*taken)), boost::asio::detached);
    }
    // Where no place is left, only the end of a reconcile makes a difference.
    co_await wakeup_.wait(clock_, queue_.next_due(open_lanes()));
  }
}

// Those for which there are places.
WorkQueue::Lanes Dispatcher::open_lanes() const {
  WorkQueue::Lanes out;
  const std::size_t others = queue_.in_flight() - checks_;
  if (others < settings_.most_at_once) out = {Lane::kEdit, Lane::kRetry};
  if (checks_ < settings_.checks_at_once) out.push_back(Lane::kCheck);
  return out;
}

void Dispatcher::stop() {
  stopping_ = true;
  wakeup_.notify();
}

Task<void> Dispatcher::wait_until_none(std::function<bool(const std::string& key)> concerned) {
  while (queue_.any_in_flight(concerned)) co_await clock_.sleep(kLook);
}

Task<bool> Dispatcher::wait_idle(Duration limit) {
  const SteadyTime until = clock_.steady() + limit;
  while (queue_.in_flight() > 0 && clock_.steady() < until) co_await clock_.sleep(kLook);
  co_return queue_.in_flight() == 0;
}

Task<Next> Dispatcher::reconcile(WorkQueue::Taken taken) {
  const auto kind = kind_of(taken.key);
  const auto found = reconciles_.find(kind);
  if (found == reconciles_.end()) co_return Next::forget();
  std::string object_key = taken.key.substr(kind.size() + 1);
  Next next = co_await found->second(std::move(object_key), taken.lane);
  co_return next;
}

Task<void> Dispatcher::work(WorkQueue::Taken taken) {
  const WorkQueue::Key key = taken.key;
  const bool check = taken.lane == Lane::kCheck;
  Next next = Next::back_off();
  try {
    next = co_await reconcile(std::move(taken));
  } catch (const std::exception& error) {
    log_.error("a reconcile ended with an exception; this is a bug, please report it",
               {{"key", key}, {"exception", error.what()}});
  }
  put_back(key, next);
  queue_.done(key);
  checks_ -= check ? 1 : 0;
  wakeup_.notify();
}

void Dispatcher::put_back(const WorkQueue::Key& key, const Next& next) {
  // Spread to either side, so that checks do not all come at once.
  const auto spread = [this, &next](Duration time) {
    const double part = 1 + next.jitter.value_or(settings_.jitter) * (2 * random_() - 1);
    return Duration{std::int64_t(double(time.count()) * part)};
  };
  switch (next.kind) {
    case Next::Kind::kCheck:
      queue_.succeeded(key);
      queue_.add_after(key, lined_up(clock_.steady(), spread(next.after)), WorkQueue::Lane::kCheck);
      break;
    case Next::Kind::kWait:
      queue_.succeeded(key);
      queue_.add_after(key, next.after, WorkQueue::Lane::kRetry);
      break;
    case Next::Kind::kBackOff: queue_.add_failed(key); break;
    case Next::Kind::kForget: queue_.succeeded(key); break;
  }
}

void Dispatcher::refresh_metrics() {
  for (const auto& [kind, reconcile] : reconciles_) {
    metrics_.workqueue_depth.with({kind}).set(double(queue_.due(kind + "/")));
  }
}

}  // namespace infra
