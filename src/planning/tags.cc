#include "planning/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace infra::planning {
namespace {

constexpr std::size_t kMostTags = 50;
constexpr std::size_t kLongestKey = 128;  // characters
constexpr std::size_t kLongestValue = 256;

// Of UTF-8: every byte that does not continue a character starts one.
std::size_t characters(std::string_view text) {
  return std::size_t(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

void add_tags(const Json& spec, std::string_view field, TagMap& tags) {
  const Json* declared = find_path(spec, field);
  if (declared == nullptr || !declared->is_object()) return;
  for (const auto& [key, value] : declared->get_object()) {
    if (value.is_string()) tags[key] = std::string(value.get_string());
  }
}

bool is_reserved_tag(std::string_view key) {
  constexpr std::string_view kPrefix = "aws:";
  return std::ranges::equal(key.substr(0, kPrefix.size()), kPrefix, [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

std::vector<std::string> invalid_tags(const TagMap& tags) {
  std::vector<std::string> out;
  for (const auto& [key, value] : tags) {
    if (is_reserved_tag(key)) {
      out.push_back("tag " + key + ": AWS keeps the prefix aws: to itself; choose another key");
    }
    if (key.empty() || characters(key) > kLongestKey) {
      out.push_back(fmt::format("tag {}: a key has 1 to {} characters", key, kLongestKey));
    }
    if (characters(value) > kLongestValue) {
      out.push_back(fmt::format("tag {}: a value has at most {} characters", key, kLongestValue));
    }
  }
  if (tags.size() > kMostTags) {
    out.push_back(fmt::format(
        "there are {} tags with those of the provider and the operator's own; AWS allows {}",
        tags.size(), kMostTags));
  }
  return out;
}

}  // namespace infra::planning
