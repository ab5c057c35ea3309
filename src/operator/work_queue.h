#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "aws/budget.h"
#include "base/clock.h"

namespace infra {

// What to work on next. Level-triggered: it holds names, never events, so a hundred edits of one
// object are one piece of work. Invariants: a key is in flight at most once; a key added while in
// flight comes back when it is done; the earliest of several due times wins; edits go before drift
// checks that are due as well. Single thread; waiting is the caller's business (next_due).
class WorkQueue {
 public:
  using Key = std::string;
  // In order of precedence among keys that are due.
  using Lane = aws::Lane;
  using Lanes = std::vector<Lane>;
  struct Taken {
    Key key;
    Lane lane;
  };

  // `random` yields [0, 1): spreads retries. Both outlive the queue.
  WorkQueue(Clock& clock, std::function<double()> random);

  // Due at once. Forgets the backoff: somebody changed something.
  void add(const Key& key) { put(key, clock_.steady(), Lane::kEdit); }
  void add_after(const Key& key, Duration delay, Lane lane) {
    put(key, clock_.steady() + delay, lane);
  }
  // Comes back after 1 s, 2 s, 4 s ... up to 5 min, each spread over its upper half.
  void add_failed(const Key& key);
  void succeeded(const Key& key) { failures_.erase(key); }
  // The object is gone: nothing of it is kept.
  void forget(const Key& key);

  // Takes the next key that is due, of the first of these lanes that has one, and puts it in
  // flight; nothing if none is.
  std::optional<Taken> take(const Lanes& lanes = kAll);
  // Must follow each take().
  void done(const Key& key);

  // When the next key of these lanes becomes due that is not in flight.
  std::optional<SteadyTime> next_due(const Lanes& lanes = kAll) const;
  std::size_t waiting() const { return entries_.size(); }
  // How many keys are due and wait for somebody to take them.
  std::size_t due() const;
  std::size_t in_flight() const { return in_flight_.size(); }
  bool any_in_flight(const std::function<bool(const Key&)>& concerned) const {
    return std::ranges::any_of(in_flight_, concerned);
  }

  inline static const Lanes kAll{Lane::kEdit, Lane::kRetry, Lane::kCheck};

 private:
  struct Entry {
    SteadyTime due;
    Lane lane;
    std::uint64_t order = 0;  // of checks 0: those of a kind come together, and can share reads
  };
  using Slot = std::tuple<SteadyTime, std::uint64_t, Key>;
  // Entries of a lane that are not in flight, by due time.
  using Schedule = std::set<Slot>;

  Schedule& schedule_of(Lane lane) { return schedules_[std::size_t(lane)]; }
  void put(const Key& key, SteadyTime due, Lane lane);
  void schedule(const Key& key, const Entry& entry);
  void unschedule(const Key& key, const Entry& entry);

  Clock& clock_;
  std::function<double()> random_;
  std::uint64_t order_ = 0;
  std::map<Key, Entry> entries_;
  std::array<Schedule, 3> schedules_;  // by lane
  std::set<Key> in_flight_;
  std::map<Key, int> failures_;
};

}  // namespace infra
