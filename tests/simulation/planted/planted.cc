#include "planted/planted.h"

#include <algorithm>

namespace infra {
namespace {

constexpr PlantedBug kBugs[] = {
#include "planted/bugs.inc"
};

std::string_view armed;
std::uint64_t reached = 0;

}  // namespace

std::span<const PlantedBug> planted_bugs() { return kBugs; }

bool plant(std::string_view name) {
  armed = {};
  reached = 0;
  if (name.empty()) return true;
  const auto found = std::ranges::find(kBugs, name, &PlantedBug::name);
  if (found == std::end(kBugs)) return false;
  armed = found->name;
  return true;
}

bool planted(std::string_view name) {
  if (armed != name) return false;
  ++reached;
  return true;
}

std::uint64_t planted_reached() { return reached; }

}  // namespace infra
