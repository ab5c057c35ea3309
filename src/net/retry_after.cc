#include "net/retry_after.h"

#include <charconv>

namespace infra::net {

std::optional<Duration> retry_after(const Headers& headers) {
  const auto text = header(headers, "Retry-After");
  unsigned seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec != std::errc()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace infra::net
