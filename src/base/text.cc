#include "base/text.h"

#include <fnmatch.h>

#include <algorithm>

#include "base/json.h"

namespace infra {

std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

std::vector<std::string> split_list(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n";
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    const auto start = item.find_first_not_of(kSpace);
    if (start != std::string_view::npos) {
      out.emplace_back(item.substr(start, item.find_last_not_of(kSpace) + 1 - start));
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

bool fits(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
}

std::string listed(std::vector<std::string> names, std::size_t most) {
  const std::size_t shown = std::min(names.size(), most);
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (shown < names.size()) out += " and " + std::to_string(names.size() - shown) + " more";
  return out;
}

// The parser refuses what is no UTF-8; the serializer does not look.
bool is_utf8(std::string_view bytes) {
  return parse_json(boost::json::serialize(boost::json::string(bytes))).has_value();
}

}  // namespace infra
