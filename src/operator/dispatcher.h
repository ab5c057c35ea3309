#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/wakeup.h"
#include "operator/work_queue.h"
#include "telemetry/log.h"
#include "telemetry/operator_metrics.h"

namespace infra {

// When a key is to be looked at again. Made by a reconcile, obeyed by the dispatcher.
struct Next {
  enum class Kind { kCheck, kWait, kBackOff, kForget };
  Kind kind = Kind::kForget;
  Duration after{0};             // kCheck, kWait
  std::optional<double> jitter;  // kCheck: in place of the dispatcher's

  static Next check(Duration after, std::optional<double> jitter = {}) {
    return {Kind::kCheck, after, jitter};
  }
  static Next wait(Duration after) { return {Kind::kWait, after, {}}; }
  static Next back_off() { return {Kind::kBackOff, {}, {}}; }
  static Next forget() { return {Kind::kForget, {}, {}}; }
};

// "Kind/namespace/name": what the queue holds.
std::string queue_key(std::string_view kind, std::string_view object_key);

// Takes keys from the queues, one for each kind, and runs their kind's reconcile, so many at a
// time: a kind that AWS is slow with holds up no other. An exception out of a reconcile is a bug of
// ours: it is logged, and the key comes back with backoff.
class Dispatcher {
 public:
  using Lane = WorkQueue::Lane;
  // Reconciles the object "namespace/name", which is due for the reason that its lane stands for.
  using Reconcile = std::function<Task<Next>(std::string object_key, Lane lane)>;

  struct Settings {
    std::size_t most_at_once = 10;  // of a kind, besides checks
    double jitter = 0.1;  // how much sooner or later a check may come, as a part of its time
  };

  Dispatcher(Clock& clock, std::function<double()> random, Settings settings,
             telemetry::Metrics& metrics, const telemetry::Logger& log);

  // Checks have so many places of their own.
  void handle(const std::string& kind, Reconcile reconcile, std::size_t checks_at_once);
  // A key as queue_key() makes it, of a kind that is handled. May be called at any time; work
  // begins with run().
  void add(const std::string& key);
  // The same for a look at AWS that comes after so long, and behind all that users have done.
  void add_look(const std::string& key, Duration after);

  // Until stop(), or until cancelled. Reconciles under way are not cancelled by either.
  Task<void> run();
  // No more keys are taken.
  void stop();
  // Waits until nothing is under way; false when `limit` has passed before.
  Task<bool> wait_idle(Duration limit);
  // Returns when no reconcile is under way of which `concerned` says so.
  Task<void> wait_until_none(std::function<bool(const std::string& key)> concerned);

  // Brings the gauges of the queue up to date.
  void refresh_metrics();

 private:
  struct Kind {
    Reconcile reconcile;
    WorkQueue queue;
    std::size_t checks_at_once;
    std::size_t checks = 0;  // among what is in flight
  };

  Kind& kind_of(const std::string& key) { return kinds_.at(key.substr(0, key.find('/'))); }
  WorkQueue::Lanes open_lanes(const Kind& kind) const;
  std::optional<SteadyTime> next_due() const;
  std::size_t in_flight() const;
  Task<void> work(Kind* kind, WorkQueue::Taken taken);
  void put_back(WorkQueue& queue, const WorkQueue::Key& key, const Next& next);

  Clock& clock_;
  std::function<double()> random_;
  Settings settings_;
  telemetry::Metrics& metrics_;
  const telemetry::Logger& log_;
  Wakeup wakeup_;
  std::map<std::string, Kind> kinds_;
  bool stopping_ = false;
};

}  // namespace infra
