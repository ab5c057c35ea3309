#pragma once

#include "kube/kinds.h"

namespace infra::sim {

KindPointer namespace_kind();
KindPointer secret_kind();
KindPointer event_kind();
KindPointer lease_kind();

}  // namespace infra::sim
