#include "planning/template.h"

#include <algorithm>

namespace infra::planning {
namespace {

// "a|b": of the first that has one.
std::optional<Json> value_of(std::string_view names, const Lookup& lookup) {
  const auto bar = names.find('|');
  if (bar == std::string_view::npos) return lookup(names);
  auto value = lookup(names.substr(0, bar));
  return value ? value : value_of(names.substr(bar + 1), lookup);
}

std::optional<Json> fill_text(std::string_view text, const Lookup& lookup) {
  std::string out;
  std::size_t position = 0;
  while (true) {
    const auto start = text.find("${", position);
    if (start == std::string_view::npos) break;
    const auto end = text.find('}', start);
    if (end == std::string_view::npos) break;
    auto value = value_of(text.substr(start + 2, end - start - 2), lookup);
    if (!value) return std::nullopt;
    if (start == 0 && end + 1 == text.size()) return value;
    out += text.substr(position, start - position);
    out += plain_text(*value);
    position = end + 1;
  }
  out += text.substr(position);
  return Json(out);
}

std::optional<Json> fill_value(const Json& value, const Lookup& lookup);

// {$each: list, $item: shape}: the shape once for each item, as ${item}.
std::optional<Json> fill_each(const std::string& list, const Json& shape, const Lookup& lookup) {
  const auto items = lookup(list);
  if (!items || !items->is_array()) return std::nullopt;
  JsonArray out;
  for (std::size_t i = 0; i < items->get_array().size(); ++i) {
    const std::string place = list + "[" + std::to_string(i) + "]";
    const Lookup one = [&lookup, &place](std::string_view name) {
      if (name != "item" && !name.starts_with("item.")) return lookup(name);
      return lookup(place + std::string(name.substr(4)));
    };
    if (auto value = fill_value(shape, one)) out.push_back(std::move(*value));
  }
  if (out.empty()) return std::nullopt;
  return out;
}

// {$union: [...]}: values and the items of lists, each once.
std::optional<Json> fill_union(const JsonArray& parts, const Lookup& lookup) {
  JsonArray out;
  const auto add = [&out](const Json& value) {
    const auto equal = [&value](const Json& other) { return same(value, other); };
    if (std::ranges::none_of(out, equal)) out.push_back(value);
  };
  for (const Json& part : parts) {
    const auto value = fill_value(part, lookup);
    if (!value) continue;
    if (const auto* list = value->if_array()) {
      std::ranges::for_each(*list, add);
    } else {
      add(*value);
    }
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::optional<Json> fill_object(const JsonObject& object, const Lookup& lookup) {
  if (const auto* list = object.if_contains("$each")) {
    return fill_each(list->as_string().c_str(), object.at("$item"), lookup);
  }
  if (const auto* parts = object.if_contains("$union")) {
    return fill_union(parts->as_array(), lookup);
  }
  const auto* needed = object.if_contains("$needs");
  if (needed != nullptr && !value_of(std::string_view(needed->as_string()), lookup))
    return std::nullopt;
  JsonObject out;
  for (const auto& member : object) {
    if (member.key() == "$needs") continue;
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
