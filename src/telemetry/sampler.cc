#include "telemetry/sampler.h"

#include <chrono>

namespace infra::telemetry {

std::optional<std::uint64_t> Sampler::admit(Level level, std::string_view message, SteadyTime now) {
  Count& count = counts_[{level, std::string(message)}];
  if (count.seen == 0 || now - count.second >= std::chrono::seconds(1)) {
    count.second = now;
    count.seen = 0;
  }
  ++count.seen;
  if (is_written(count.seen)) return std::exchange(count.left_out, 0);
  ++count.left_out;
  return std::nullopt;
}

bool Sampler::is_written(std::uint64_t number) const {
  if (number <= sampling_.first) return true;
  return sampling_.thereafter > 0 && (number - sampling_.first) % sampling_.thereafter == 0;
}

}  // namespace infra::telemetry
