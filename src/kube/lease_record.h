#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "kube/client.h"

namespace infra::kube {

const ResourceType& lease_resource();

// What a coordination.k8s.io/v1 Lease said when it was last seen. Only a change counts as a sign of
// life of its holder, at the time at which we saw it: the times in it are those of a clock that is
// not ours.
struct LeaseRecord {
  std::string holder;   // empty: nobody
  std::string renewed;  // as the holder wrote it
  std::string version;  // of the whole object; empty: never seen
  Duration duration{0};
  std::int64_t transitions = 0;
  SteadyTime changed{};

  void observe(const Json& lease, SteadyTime now);
  // When anybody may take it, if it does not change before; `otherwise` where it names no duration.
  SteadyTime free_at(Duration otherwise) const;
};

}  // namespace infra::kube
