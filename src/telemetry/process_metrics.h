#pragma once

#include "telemetry/metrics.h"

namespace infra::telemetry {

// What Linux says about this process, under the names that every Prometheus client uses. A value
// that /proc does not give is left out rather than shown as zero.
class ProcessMetrics final : public Collector {
 public:
  explicit ProcessMetrics(Registry& registry) { registry.add(*this); }
  ProcessMetrics(const ProcessMetrics&) = delete;
  ProcessMetrics& operator=(const ProcessMetrics&) = delete;

  void write(MetricsWriter& writer) const override;
};

}  // namespace infra::telemetry
