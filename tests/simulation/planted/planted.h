#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace infra {

// A bug that copies of the production sources carry, switched off (plant.py makes the copies).
struct PlantedBug {
  std::string_view name;
  std::string_view pattern;  // the class of bug: "K1", "A3"
  std::string_view does;     // a sentence
  std::string_view shows;    // under which faults an observer can see it
};

// All of them, in the order of the files.
std::span<const PlantedBug> planted_bugs();

// Switches one on and the one before off; an empty name: none is on. False if there is no such bug.
bool plant(std::string_view name);

// Whether this one is on: what the copies ask at the place of the bug.
bool planted(std::string_view name);

// How often the copies have asked for the bug that is on, since it was switched on. Nought after a
// run says that the run never came to its place.
std::uint64_t planted_reached();

}  // namespace infra
