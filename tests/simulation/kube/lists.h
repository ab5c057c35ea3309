#pragma once

#include "kube/answers.h"
#include "kube/request.h"
#include "kube/store.h"

namespace infra::sim {

// The version from which a read is answered: the newest, or a stale one where the request allows
// any age.
Answer<std::uint64_t> version_to_read(const KubeRequest& request, const Store& store, Duration now,
                                      Duration stale_view);

// The body of a list, or of one of its pages.
Answer<std::string> list(const KubeRequest& request, Store& store, Collection& collection,
                         std::uint64_t number);

}  // namespace infra::sim
