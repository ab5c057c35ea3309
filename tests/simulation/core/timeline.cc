#include "core/timeline.h"

#include <algorithm>

namespace infra::sim {

Timeline::Id Timeline::at(Duration when, Event event) {
  const Id id{std::max(when, now_), ++order_};
  events_.emplace(id, std::move(event));
  return id;
}

bool Timeline::step(Duration until) {
  const auto next = events_.begin();
  if (next == events_.end() || next->first.first > until) {
    now_ = std::max(now_, until);
    return false;
  }
  now_ = next->first.first;
  const Event event = std::move(next->second);
  events_.erase(next);
  event();
  return true;
}

}  // namespace infra::sim
