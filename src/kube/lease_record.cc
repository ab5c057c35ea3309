#include "kube/lease_record.h"

namespace infra::kube {
namespace {

std::int64_t integer_at(const Json& value, std::string_view path) {
  const Json* found = find_path(value, path);
  return found != nullptr && found->is_int64() ? found->get_int64() : 0;
}

}  // namespace

const ResourceType& lease_resource() {
  static const ResourceType type{.group = "coordination.k8s.io",
                                 .version = "v1",
                                 .plural = "leases",
                                 .kind = "Lease",
                                 .namespaced = true};
  return type;
}

void LeaseRecord::observe(const Json& lease, SteadyTime now) {
  LeaseRecord seen{.holder = text_at(lease, "spec.holderIdentity"),
                   .renewed = text_at(lease, "spec.renewTime"),
                   .version = text_at(lease, "metadata.resourceVersion"),
                   .duration = std::chrono::seconds(integer_at(lease, "spec.leaseDurationSeconds")),
                   .transitions = integer_at(lease, "spec.leaseTransitions"),
                   .changed = changed};
  if (seen.holder != holder || seen.renewed != renewed) seen.changed = now;
  *this = std::move(seen);
}

SteadyTime LeaseRecord::free_at(Duration otherwise) const {
  return changed + (duration > Duration{0} ? duration : otherwise);
}

}  // namespace infra::kube
