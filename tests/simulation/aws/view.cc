#include "aws/view.h"

#include <algorithm>

namespace infra::sim {
namespace {

std::size_t slot(View view, int replica) {
  return static_cast<std::size_t>(view) * kReplicas + static_cast<std::size_t>(replica);
}

const Json kNothing;

}  // namespace

void Arrival::delay(View view, int replica, Duration by) {
  if (by <= Duration{0}) return;
  if (!delays_) delays_ = std::make_shared<Delays>(Delays{});
  (*delays_)[slot(view, replica)] = by;
}

bool Arrival::reached(View view, int replica, Duration now) const {
  if (!delays_) return now >= made_;
  return now >= made_ + (*delays_)[slot(view, replica)];
}

Duration Arrival::last() const {
  return delays_ ? made_ + *std::ranges::max_element(*delays_) : made_;
}

void Part::set(Json value, Arrival arrival) {
  forget_what_nobody_sees(arrival.made());
  versions_.push_back({std::move(arrival), std::move(value)});
}

// Once a version has reached everyone, those before it are history.
void Part::forget_what_nobody_sees(Duration now) {
  const auto all_see = [now](const Version& version) { return version.arrival.last() <= now; };
  const auto newest = std::find_if(versions_.rbegin(), versions_.rend(), all_see);
  if (newest != versions_.rend()) versions_.erase(versions_.begin(), newest.base() - 1);
}

const Json* Part::seen(View view, int replica, Duration now) const {
  for (auto version = versions_.rbegin(); version != versions_.rend(); ++version) {
    if (version->arrival.reached(view, replica, now)) return &version->value;
  }
  return nullptr;
}

const Json& Thing::truth(std::string_view part) const {
  const auto found = parts.find(part);
  return found == parts.end() ? kNothing : found->second.truth();
}

bool Thing::visible(View view, int replica, Duration now) const {
  return birth.reached(view, replica, now) && !(death && death->reached(view, replica, now));
}

}  // namespace infra::sim
