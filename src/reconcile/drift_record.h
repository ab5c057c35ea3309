#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "planning/drift.h"

namespace infra::reconcile {

struct DriftNews {
  bool found = false;   // and is not what the status says already
  bool healed = false;  // what was found, now or before, is as declared again
};

// Puts into status.drift what a pass has found, if anything, and whether it is still so. The same
// found again changes nothing, so that a look at what is left as it is writes nothing.
DriftNews record_drift(const std::vector<planning::Difference>& found, bool settled, WallTime now,
                       Json& status);

// For people: "tags.Team is b, declared a". Empty texts: there is none.
std::string sentence_of(const std::string& path, const std::string& actual,
                        const std::string& expected);
// The same of several, with semicolons, as long as an event may be.
std::string sentence_of(const std::vector<planning::Difference>& found);

}  // namespace infra::reconcile
