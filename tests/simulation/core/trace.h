#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/timeline.h"

namespace infra::sim {

// Everything that happens in a world, as lines. Two runs are the same when their hashes are.
class Trace {
 public:
  explicit Trace(const Timeline& timeline) : timeline_(timeline) {}

  void note(std::string_view what);
  std::uint64_t hash() const { return hash_; }
  std::uint64_t lines() const { return lines_; }

  // Gets each line, where somebody wants to read them.
  std::function<void(const std::string& line)> sink;

 private:
  const Timeline& timeline_;
  std::uint64_t hash_ = 0xcbf29ce484222325u;
  std::uint64_t lines_ = 0;
};

}  // namespace infra::sim
