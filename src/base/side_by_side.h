#pragma once

#include <vector>

#include "base/task.h"

namespace infra {

// Runs all of them at once, and returns when the last has ended. If some threw, throws what one of
// them did; if the caller is cancelled, so are they, and it still waits for their ends: they may
// use what is in its frame.
Task<void> side_by_side(std::vector<Task<void>> tasks);

}  // namespace infra
