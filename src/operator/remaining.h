#pragma once

#include <string>
#include <vector>

#include "kube/client.h"

namespace infra {

// The objects of these types that there are, as "vpcs team/network"; of each type the first few.
// No namespaces: all of them.
Task<Result<std::vector<std::string>>> remaining_objects(kube::Client& kube,
                                                         std::vector<kube::ResourceType> types,
                                                         std::vector<std::string> namespaces);

}  // namespace infra
