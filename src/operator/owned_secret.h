#pragma once

#include <map>
#include <string>

#include "kube/client.h"
#include "reconcile/object.h"

namespace infra {

// Makes sure that the Secret `name` beside the owner holds just these values, and goes when the
// owner goes. It is left alone if it does already. kAlreadyExists, with a sentence: there is one of
// that name which does not belong to the owner.
Task<Result<void>> keep_owned_secret(kube::Client& kube, kube::ResourceType owner_type,
                                     reconcile::Object owner, std::string name,
                                     std::map<std::string, std::string> values);

}  // namespace infra
