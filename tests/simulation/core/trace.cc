#include "core/trace.h"

#include <fmt/format.h>

namespace infra::sim {

void Trace::note(std::string_view what) {
  const auto now = timeline_.now().count();
  const std::string line = fmt::format("{:>7}.{:03} {}", now / 1000, now % 1000, what);
  for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  ++lines_;
  if (sink) sink(line);
}

}  // namespace infra::sim
