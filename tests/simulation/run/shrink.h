#pragma once

#include <functional>

#include "run/run.h"

namespace infra::sim {

// Makes a failing scenario smaller while it still breaks the same promise: fewer faults,
// operations, objects, pods and oddities. Ends when nothing more can go, or after `most_runs`.
Scenario shrink(const Program& program, Scenario failing, int most_runs = 600);

}  // namespace infra::sim
