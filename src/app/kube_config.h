#pragma once

#include <string>

#include "kube/config.h"

namespace infra::app {

// Of a pod, or with a path or a context, and outside of pods, of a kubeconfig.
Result<kube::Config> kube_config(Clock& clock, const std::string& path, const std::string& context);

}  // namespace infra::app
