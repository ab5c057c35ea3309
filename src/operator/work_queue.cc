#include "operator/work_queue.h"

#include <algorithm>

namespace infra {
namespace {

constexpr Duration kFirstRetry{1'000};
constexpr Duration kLongestRetry{300'000};
constexpr int kMostDoublings = 9;  // 2^9 s is past the longest retry

}  // namespace

WorkQueue::WorkQueue(Clock& clock, std::function<double()> random)
    : clock_(clock), random_(std::move(random)) {}

void WorkQueue::schedule(const Key& key, const Entry& entry) {
  if (in_flight_.contains(key)) return;
  schedule_of(entry.lane).emplace(entry.due, entry.order, key);
}

void WorkQueue::unschedule(const Key& key, const Entry& entry) {
  schedule_of(entry.lane).erase(Slot{entry.due, entry.order, key});
}

void WorkQueue::put(const Key& key, SteadyTime due, Lane lane) {
  if (lane == Lane::kEdit) failures_.erase(key);
  Entry entry{.due = due, .lane = lane};
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    entry.due = std::min(entry.due, found->second.due);
    entry.lane = std::min(entry.lane, found->second.lane);
    entry.order = found->second.order;
    unschedule(key, found->second);
  }
  if (entry.lane != Lane::kCheck && entry.order == 0) entry.order = ++order_;
  entries_[key] = entry;
  schedule(key, entry);
}

void WorkQueue::add_failed(const Key& key) {
  const int failures = std::min(failures_[key]++, kMostDoublings);
  const Duration longest = std::min(kFirstRetry * (1 << failures), kLongestRetry);
  const auto half = longest.count() / 2;
  const Duration delay{half + static_cast<std::int64_t>(static_cast<double>(half) * random_())};
  put(key, clock_.steady() + delay, Lane::kRetry);
}

void WorkQueue::forget(const Key& key) {
  failures_.erase(key);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  unschedule(key, found->second);
  entries_.erase(found);
}

std::optional<WorkQueue::Taken> WorkQueue::take(const Lanes& lanes) {
  const SteadyTime now = clock_.steady();
  const auto lane = std::ranges::find_if(lanes, [this, now](Lane one) {
    const Schedule& schedule = schedule_of(one);
    return !schedule.empty() && std::get<SteadyTime>(*schedule.begin()) <= now;
  });
  if (lane == lanes.end()) return std::nullopt;
  Schedule& schedule = schedule_of(*lane);
  Key key = std::get<Key>(*schedule.begin());
  schedule.erase(schedule.begin());
  entries_.erase(key);
  in_flight_.insert(key);
  return Taken{std::move(key), *lane};
}

void WorkQueue::done(const Key& key) {
  in_flight_.erase(key);
  const auto found = entries_.find(key);
  if (found != entries_.end()) schedule(key, found->second);
}

std::optional<SteadyTime> WorkQueue::next_due(const Lanes& lanes) const {
  std::optional<SteadyTime> next;
  for (const Lane lane : lanes) {
    const Schedule& schedule = schedules_[std::size_t(lane)];
    if (schedule.empty()) continue;
    const SteadyTime due = std::get<SteadyTime>(*schedule.begin());
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

std::size_t WorkQueue::due() const {
  return std::size_t(std::ranges::count_if(entries_, [this](const auto& entry) {
    return entry.second.due <= clock_.steady() && !in_flight_.contains(entry.first);
  }));
}

}  // namespace infra
