#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace infra::telemetry {

enum class Level { kDebug, kInfo, kError };

// Thins out lines that repeat: of those with one level and message, the first `first` of a second
// are written, and after them one of `thereafter`; none at 0.
struct Sampling {
  std::uint64_t first = 100;
  std::uint64_t thereafter = 100;
};

class Sampler {
 public:
  explicit Sampler(Sampling sampling) : sampling_(sampling) {}

  // How many lines like this were left out since the last one that was written; nothing: this one
  // is left out too. Messages are constants, so what is remembered stays small.
  std::optional<std::uint64_t> admit(Level level, std::string_view message, SteadyTime now);

 private:
  struct Count {
    SteadyTime second;
    std::uint64_t seen = 0;  // in that second
    std::uint64_t left_out = 0;
  };

  bool is_written(std::uint64_t number) const;

  Sampling sampling_;
  std::map<std::pair<Level, std::string>, Count> counts_;
};

}  // namespace infra::telemetry
