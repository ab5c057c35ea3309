#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kube/client.h"

namespace infra {

// Of the objects of one type in one namespace.
struct Extent {
  std::int64_t page = 500;  // objects in one answer
  bool all = true;          // else the first page alone
};

// Gives each object of these types to `take`. No namespaces: all of them. A type that is not there,
// without even its CRD, has none.
Task<Result<void>> list_objects(
    kube::Client& kube, std::vector<kube::ResourceType> types, std::vector<std::string> namespaces,
    Extent extent, std::function<void(const kube::ResourceType& type, const Json& object)> take);

// As kubectl would be asked for it: "vpcs team/network".
std::string name_of(const kube::ResourceType& type, const Json& object);

}  // namespace infra
