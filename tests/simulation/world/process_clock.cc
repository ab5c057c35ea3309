#include "world/process_clock.h"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cmath>

#include "world/signal.h"

namespace infra::sim {
namespace {

// Lives on the frame of who sleeps: a frame that is destroyed takes its event along.
struct Alarm {
  Alarm(Timeline& of, Duration when, Signal& signal)
      : timeline(of), id(timeline.at(when, [&signal] { signal.raise(); })) {}
  ~Alarm() { timeline.cancel(id); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  Timeline& timeline;
  Timeline::Id id;
};

}  // namespace

Duration ProcessClock::passed() const {
  return Duration{std::int64_t(double(timeline_.now().count()) * error_.rate)};
}

Duration ProcessClock::true_length(Duration of_ours) const {
  // Rounded up: who wakes must find that the time has come.
  return Duration{std::int64_t(std::ceil(double(of_ours.count()) / error_.rate))};
}

Task<void> ProcessClock::sleep(Duration duration) {
  auto executor = co_await boost::asio::this_coro::executor;
  const SteadyTime until = steady() + duration;
  while (steady() < until) {
    const auto left = std::chrono::duration_cast<Duration>(until - steady());
    const Duration pause = std::max(true_length(left), Duration{1});
    Signal signal(executor);
    Alarm alarm(timeline_, timeline_.now() + pause, signal);
    co_await signal.wait();
  }
}

}  // namespace infra::sim
