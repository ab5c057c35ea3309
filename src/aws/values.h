#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/model.h"

namespace infra::aws {

inline constexpr int kMaxDepth = 64;

// Seconds since 1970 from ISO 8601, RFC 822 or a plain number.
std::optional<double> parse_time(std::string_view text);
std::string format_time(double seconds, std::string_view format);

// A validated scalar as text on the wire.
std::string scalar_text(const Member& member, const Json& value, std::string_view time_format);
double seconds_of(const Json& time);
// The way back; nothing if the text does not fit the type.
std::optional<Json> scalar_value(const Shape& shape, std::string_view text);

std::string number_text(double value);

}  // namespace infra::aws
