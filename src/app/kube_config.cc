#include "app/kube_config.h"

#include <cstdlib>

namespace infra::app {

Result<kube::Config> kube_config(Clock& clock, const std::string& path,
                                 const std::string& context) {
  const bool in_cluster =
      path.empty() && context.empty() && std::getenv("KUBERNETES_SERVICE_HOST") != nullptr;
  return in_cluster ? kube::in_cluster_config(clock) : kube::load_kubeconfig(clock, path, context);
}

}  // namespace infra::app
