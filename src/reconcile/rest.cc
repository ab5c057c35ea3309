// Rest: some parts AWS does not want to be written often.
#include <algorithm>

#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

std::string part_key(const Engine::Pass& pass, const definition::Facet& facet) {
  return pass.desired.uid + "/" + facet.name;
}

}  // namespace

void Engine::note_part(const Pass& pass, const definition::Facet& facet) {
  if (facet.at_most_every_seconds > 0) parts_written_[part_key(pass, facet)] = clock_.steady();
}

Duration Engine::rest_of(const Pass& pass, const definition::Facet& facet) const {
  const auto written = parts_written_.find(part_key(pass, facet));
  if (written == parts_written_.end()) return Duration{0};
  const auto next = written->second + std::chrono::seconds(facet.at_most_every_seconds);
  return std::chrono::duration_cast<Duration>(next - clock_.steady());
}

// Takes out of a plan what was written too lately. If nothing else is left, the object waits.
std::optional<Outcome> Engine::let_rest(const Pass& pass, planning::Plan& plan) const {
  Duration longest{0};
  for (const auto& facet : pass.definition.facets) {
    const Duration rest = rest_of(pass, facet);
    const bool resting = rest > Duration{0} && std::erase(plan.facets, facet.name) > 0;
    if (resting) longest = std::max(longest, rest);
  }
  const bool empty =
      plan.facets.empty() && plan.sets.empty() && plan.set_tags.empty() && plan.remove_tags.empty();
  if (longest == Duration{0} || !empty) return std::nullopt;
  return Waiting{.reason = "Resting",
                 .message =
                     "Was written minutes ago, and AWS wants that seldom; written again "
                     "when the time is over: " +
                     plan.message,
                 .after = longest};
}

void Engine::forget_parts(const Pass& pass) {
  std::erase_if(parts_written_, [&pass](const auto& part) {
    return part.first.starts_with(pass.desired.uid + "/");
  });
}

}  // namespace infra::reconcile
