#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "aws/cloud.h"
#include "base/base64.h"

namespace infra::sim {

// One answer's share of a list, and how to ask for the next; no token: that was all.
struct Page {
  std::size_t first = 0;
  std::size_t last = 0;
  std::string token;
};

// The page that `token` asks for; nothing if AWS never gave such a token. Pages are cut where the
// behaviour says so: short, even empty, but never two empty ones in a row, so that lists end.
inline std::optional<Page> cut_page(Cloud& cloud, const std::string& token, std::size_t size,
                                    std::size_t most) {
  Page page;
  bool may_be_empty = true;
  if (!token.empty()) {
    const auto plain = base64_decode(token);
    const bool ours = plain && plain->starts_with("page/") && plain->size() > 7;
    if (!ours) return std::nullopt;
    may_be_empty = plain->at(5) == 'f';
    page.first = std::min<std::size_t>(std::size_t(std::atoi(plain->c_str() + 7)), size);
  }
  page.last = std::min(size, page.first + std::max<std::size_t>(most, 1));
  if (cloud.behaviour.short_pages > 0 && cloud.pages.chance(cloud.behaviour.short_pages)) {
    const auto rest = std::int64_t(page.last - page.first);
    if (rest > 0 || may_be_empty) {
      const auto taken = cloud.pages.between(may_be_empty || rest == 0 ? 0 : 1, rest);
      page.last = page.first + std::size_t(taken);
      const char* kind = taken == 0 ? "e" : "f";
      page.token = base64_encode("page/" + std::string(kind) + "/" + std::to_string(page.last));
      return page;
    }
  }
  if (page.last < size) {
    page.token = base64_encode("page/f/" + std::to_string(page.last));
  }
  return page;
}

}  // namespace infra::sim
