#pragma once

#include <string>
#include <vector>

#include "kube/client.h"

namespace infra {

// A line for each difference that the objects of these types hold in status.drift and that is still
// so: "vpcs team/network: tags.Team is b, declared a (low, since 2026-01-01T00:00:00Z)".
// No namespaces: all of them. A type that is not there has none.
Task<Result<std::vector<std::string>>> drifted_objects(kube::Client& kube,
                                                       std::vector<kube::ResourceType> types,
                                                       std::vector<std::string> namespaces);

}  // namespace infra
