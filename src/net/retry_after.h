#pragma once

#include <optional>

#include "net/http.h"

namespace infra::net {

// What the header Retry-After asks for, if it is there as a number of seconds.
std::optional<Duration> retry_after(const Headers& headers);

}  // namespace infra::net
