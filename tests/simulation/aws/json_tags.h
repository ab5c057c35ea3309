#pragma once

#include <algorithm>

#include "base/json.h"

namespace infra::sim {

// Tags as most services with a JSON protocol write them: [{"Key": ..., "Value": ...}].
inline JsonObject read_tag_list(const Json* list) {
  JsonObject out;
  for (const Json& tag : list != nullptr && list->is_array() ? list->get_array() : JsonArray()) {
    out[text_at(tag, "Key")] = text_at(tag, "Value");
  }
  return out;
}

inline JsonArray write_tag_list(const JsonObject& tags) {
  JsonArray out;
  for (const auto& tag : tags) {
    out.push_back(JsonObject{{"Key", tag.key()}, {"Value", tag.value()}});
  }
  return out;
}

// As all services want them, whatever else each wants.
inline bool fit_for_tags(const JsonObject& tags) {
  return std::ranges::all_of(tags, [](const auto& tag) {
    const std::string_view key = tag.key();
    return !key.starts_with("aws:") && !key.empty() && key.size() <= 128 &&
           text_at(tag.value(), "").size() <= 256;
  });
}

inline JsonObject merged_tags(const JsonObject& tags, const JsonObject& more) {
  JsonObject out = tags;
  for (const auto& tag : more) out[tag.key()] = tag.value();
  return out;
}

inline JsonObject tags_without(const JsonObject& tags, const Json* keys) {
  JsonObject out = tags;
  for (const Json& key : keys != nullptr && keys->is_array() ? keys->get_array() : JsonArray()) {
    out.erase(text_at(key, ""));
  }
  return out;
}

}  // namespace infra::sim
