#pragma once

#include <functional>
#include <map>
#include <utility>

#include "base/clock.h"

namespace infra::sim {

// The one true time of a simulated world, and what is to happen in it. Clocks of processes are
// derived from it and may be wrong; AWS and Kubernetes go by it.
class Timeline {
 public:
  using Event = std::function<void()>;
  // (when, order of scheduling): events of one moment happen in the order they were made.
  using Id = std::pair<Duration, std::uint64_t>;

  Duration now() const { return now_; }  // since the start of the world
  WallTime wall() const { return kStart + now_; }

  Id at(Duration when, Event event);
  Id after(Duration pause, Event event) { return at(now_ + pause, std::move(event)); }
  void cancel(const Id& id) { events_.erase(id); }

  // Goes to the next event and lets it happen; false if there is none up to `until`, which is then
  // the time.
  bool step(Duration until);

  static constexpr WallTime kStart{std::chrono::seconds(1'800'000'000)};  // 2027-01-15T08:00:00Z

 private:
  Duration now_{0};
  std::uint64_t order_ = 0;
  std::map<Id, Event> events_;
};

}  // namespace infra::sim
