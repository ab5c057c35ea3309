#include "planning/template.h"

namespace infra::planning {
namespace {

std::string as_text(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

std::optional<Json> fill_text(std::string_view text, const Lookup& lookup) {
  std::string out;
  std::size_t position = 0;
  while (true) {
    const auto start = text.find("${", position);
    if (start == std::string_view::npos) break;
    const auto end = text.find('}', start);
    if (end == std::string_view::npos) break;
    auto value = lookup(text.substr(start + 2, end - start - 2));
    if (!value) return std::nullopt;
    if (start == 0 && end + 1 == text.size()) return value;
    out += text.substr(position, start - position);
    out += as_text(*value);
    position = end + 1;
  }
  out += text.substr(position);
  return Json(out);
}

std::optional<Json> fill_value(const Json& value, const Lookup& lookup);

std::optional<Json> fill_object(const JsonObject& object, const Lookup& lookup) {
  JsonObject out;
  for (const auto& member : object) {
    auto value = fill_value(member.value(), lookup);
    if (value) out[member.key()] = std::move(*value);
  }
  if (out.empty() && !object.empty()) return std::nullopt;
  return out;
}

std::optional<Json> fill_list(const JsonArray& list, const Lookup& lookup) {
  JsonArray out;
  for (const Json& item : list) {
    auto value = fill_value(item, lookup);
    if (value) out.push_back(std::move(*value));
  }
  if (out.empty() && !list.empty()) return std::nullopt;
  return out;
}

std::optional<Json> fill_value(const Json& value, const Lookup& lookup) {
  if (value.is_string()) return fill_text(std::string_view(value.get_string()), lookup);
  if (value.is_object()) return fill_object(value.get_object(), lookup);
  if (value.is_array()) return fill_list(value.get_array(), lookup);
  return value;
}

}  // namespace

Json fill(const Json& input, const Lookup& lookup) {
  auto filled = fill_value(input, lookup);
  return filled ? std::move(*filled) : Json(JsonObject{});
}

}  // namespace infra::planning
