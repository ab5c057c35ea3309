#pragma once

#include <string_view>

namespace infra::sim {

// A date and time as the format "date-time" of a CRD allows it.
bool is_date_time(std::string_view text);
// metav1.MicroTime: exactly six digits after the second. null is tested elsewhere.
bool is_micro_time(std::string_view text);

}  // namespace infra::sim
