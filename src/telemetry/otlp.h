#pragma once

#include <span>
#include <string>

#include "telemetry/trace.h"

namespace infra::telemetry {

// What OTLP calls an ExportTraceServiceRequest, in its JSON encoding: ids as hexadecimal digits,
// and 64-bit numbers as text. `resource` says whose spans these are.
std::string otlp_json(const Fields& resource, std::span<const Span> spans);

}  // namespace infra::telemetry
