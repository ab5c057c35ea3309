#pragma once

#include <span>

#include "aws/cloud.h"

namespace infra::sim {

// A kind of thing that this AWS has, and what the ledger says of one besides its tags.
struct KindOfThing {
  const char* name;  // as the custom resource is called that stands for one
  Json (*state)(const Cloud& cloud, const Thing& thing);
};
std::span<const KindOfThing> kinds_of_things();

}  // namespace infra::sim
