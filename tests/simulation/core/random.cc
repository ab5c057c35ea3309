#include "core/random.h"

#include <algorithm>
#include <cmath>

namespace infra::sim {
namespace {

// Splitmix64: small, well spread, and ours to keep the same for ever.
std::uint64_t scrambled(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u ^ scrambled(seed);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return scrambled(hash);
}

Random::Random(std::uint64_t seed, std::string_view name)
    : origin_(mixed(seed, name)), state_(origin_) {}

Random Random::stream(std::string_view name) const { return Random(origin_, name); }

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15u;
  return scrambled(state_);
}

double Random::unit() { return double(next() >> 11) * 0x1.0p-53; }

bool Random::chance(double probability) { return unit() < probability; }

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  const auto span = static_cast<std::uint64_t>(high - low) + 1;
  return low + static_cast<std::int64_t>(next() % span);
}

Duration Random::delay(Duration median, Duration longest) {
  const double first = unit();
  const double second = unit();
  if (first < 0.6 || median <= Duration{0}) return Duration{0};
  // Log-uniform around the median: from a tenth of it to ten times as much, and a tail.
  double factor = std::exp((second - 0.5) * 4.6);
  if (first > 0.97) factor = double(longest.count()) / double(median.count()) * second;
  const auto drawn = Duration{std::int64_t(double(median.count()) * factor)};
  return std::clamp(drawn, Duration{0}, longest);
}

}  // namespace infra::sim
