#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace infra::sim {

// A stream of decisions, the same for the same seed on every machine and library. Streams with
// other names are independent: one more draw in one of them shifts nothing in another.
class Random {
 public:
  Random(std::uint64_t seed, std::string_view name);

  // A stream of its own below this one; drawing from it does not move this one.
  Random stream(std::string_view name) const;

  std::uint64_t next();
  double unit();  // [0, 1)
  bool chance(double probability);
  std::int64_t between(std::int64_t low, std::int64_t high);  // both included
  // Nothing in 60 of 100 draws, else about `median`, at times up to `longest`.
  Duration delay(Duration median, Duration longest);

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(between(0, std::int64_t(from.size()) - 1))];
  }

 private:
  std::uint64_t origin_;
  std::uint64_t state_;
};

// A number that depends on all of the text and the seed; for decisions about a thing by its name.
std::uint64_t mixed(std::uint64_t seed, std::string_view text);

}  // namespace infra::sim
