#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/base64.h"
#include "kube/schema.h"
#include "kube/times.h"

namespace infra::sim {
namespace {

using Type = FieldError::Type;

std::string_view name_of(Schema::Type type) {
  switch (type) {
    case Schema::Type::kAny: return "";
    case Schema::Type::kObject: return "object";
    case Schema::Type::kArray: return "array";
    case Schema::Type::kString: return "string";
    case Schema::Type::kInteger: return "integer";
    case Schema::Type::kNumber: return "number";
    case Schema::Type::kBoolean: return "boolean";
  }
  return "";
}

Schema::Type type_of(const Json& value) {
  if (value.is_object()) return Schema::Type::kObject;
  if (value.is_array()) return Schema::Type::kArray;
  if (value.is_string()) return Schema::Type::kString;
  if (value.is_bool()) return Schema::Type::kBoolean;
  if (value.is_int64()) return Schema::Type::kInteger;
  if (value.is_number()) return Schema::Type::kNumber;
  return Schema::Type::kAny;
}

bool is_whole(const Json& value) {
  const double number = value.to_number<double>();
  return std::isfinite(number) && number == std::floor(number) &&
         std::abs(number) < 9007199254740992.0;
}

bool fits(const Json& value, const Schema& schema) {
  const auto type = type_of(value);
  if (schema.type == Schema::Type::kAny || schema.type == type) return true;
  if (schema.type == Schema::Type::kNumber) return type == Schema::Type::kInteger;
  return schema.type == Schema::Type::kInteger && type == Schema::Type::kNumber && is_whole(value);
}

std::string in_body(const std::string& path) {
  return (path.empty() ? std::string("<nil>") : path) + " in body ";
}

void wrong_type(const Json& value, const Schema& schema, const std::string& path,
                FieldErrors& errors) {
  const auto actual = value.is_null() ? "null" : std::string(name_of(type_of(value)));
  errors.push_back({.type = Type::kWrongType,
                    .field = path,
                    .value = Json(actual),
                    .detail = fmt::format("{}must be of type {}: {}", in_body(path),
                                          name_of(schema.type), quoted(actual))});
}

void invalid(const Json& value, const std::string& path, const std::string& what,
             FieldErrors& errors) {
  errors.push_back(
      {.type = Type::kInvalid, .field = path, .value = value, .detail = in_body(path) + what});
}

void check_choices(const Json& value, const Schema& schema, const std::string& path,
                   FieldErrors& errors) {
  if (schema.choices.empty()) return;
  if (std::ranges::any_of(schema.choices, [&](const Json& one) { return same(one, value); })) {
    return;
  }
  std::string list;
  for (const Json& choice : schema.choices) {
    if (!list.empty()) list += ", ";
    list +=
        choice.is_string() ? quoted(choice.get_string()) : quoted(boost::json::serialize(choice));
  }
  errors.push_back({.type = Type::kNotSupported,
                    .field = path,
                    .value = value,
                    .detail = "supported values: " + list});
}

std::size_t characters(std::string_view text) {
  return std::size_t(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void too_long(const std::string& path, std::size_t most, FieldErrors& errors) {
  errors.push_back({.type = Type::kTooLong,
                    .field = path,
                    .detail = fmt::format("may not be more than {} bytes", most)});
}

void check_format(std::string_view text, const Json& value, const Schema& schema,
                  const std::string& path, FieldErrors& errors) {
  std::string_view name;
  if (schema.format == Schema::Format::kDateTime && !is_date_time(text)) name = "date-time";
  if (schema.format == Schema::Format::kMicroTime && !is_micro_time(text)) name = "micro-time";
  if (schema.format == Schema::Format::kByte && !base64_decode(std::string(text))) name = "byte";
  if (name.empty()) return;
  errors.push_back(
      {.type = Type::kWrongType,
       .field = path,
       .value = value,
       .detail = fmt::format("{}must be of type {}: {}", in_body(path), name, quoted(text))});
}

// Of length and pattern only the first wrong is told.
void check_text(const Json& value, const Schema& schema, const std::string& path,
                FieldErrors& errors) {
  const std::string_view text = value.get_string();
  const std::size_t length = characters(text);
  if (schema.max_length && length > *schema.max_length) {
    too_long(path, *schema.max_length, errors);
  } else if (schema.min_length && length < *schema.min_length) {
    invalid(value, path, fmt::format("should be at least {} chars long", *schema.min_length),
            errors);
  } else if (schema.pattern && !schema.pattern->found_in(text)) {
    invalid(value, path, "should match '" + schema.pattern_text + "'", errors);
  }
  check_format(text, value, schema, path, errors);
}

void check_number(const Json& value, const Schema& schema, const std::string& path,
                  FieldErrors& errors) {
  const double number = value.to_number<double>();
  if (schema.format == Schema::Format::kInt32 &&
      (number < std::numeric_limits<std::int32_t>::min() ||
       number > std::numeric_limits<std::int32_t>::max())) {
    errors.push_back({.type = Type::kInvalid,
                      .field = "",
                      .value = Json(""),
                      .detail = fmt::format(
                          "Checked value must be of type integer with format int32 in {}", path)});
  }
  if (schema.maximum && number > *schema.maximum) {
    invalid(value, path, fmt::format("should be less than or equal to {}", *schema.maximum),
            errors);
  }
  if (schema.minimum && number < *schema.minimum) {
    invalid(value, path, fmt::format("should be greater than or equal to {}", *schema.minimum),
            errors);
  }
}

void check_size(std::size_t size, std::optional<std::size_t> least, std::optional<std::size_t> most,
                std::string_view unit, const Json& value, const std::string& path,
                FieldErrors& errors) {
  if (least && size < *least) {
    invalid(value, path, fmt::format("should have at least {} {}", *least, unit), errors);
  }
  if (!most || size <= *most) return;
  errors.push_back({.type = Type::kTooMany,
                    .field = path,
                    .value = Json(size),
                    .detail = fmt::format("must have at most {} items", *most)});
}

// What tells the items of a list that is a map or a set apart.
Json identity(const Json& item, const Schema& schema) {
  if (schema.list_keys.empty()) return item;
  JsonObject keys;
  for (const auto& key : schema.list_keys) {
    const Json* value = find_path(item, key);
    if (value != nullptr) keys[key] = *value;
  }
  return keys;
}

void check_unique(const JsonArray& array, const Schema& schema, const std::string& path,
                  FieldErrors& errors) {
  if (schema.list_keys.empty() && !schema.list_set) return;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < array.size(); ++i) {
    Json key = identity(array[i], schema);
    if (seen.insert(canonical(key)).second) continue;
    errors.push_back({.type = Type::kDuplicate, .field = item(path, i), .value = std::move(key)});
  }
}

void check_array(const Json& value, const Schema& schema, const std::string& path,
                 FieldErrors& errors) {
  const JsonArray& array = value.get_array();
  check_size(array.size(), schema.min_items, schema.max_items, "items", value, path, errors);
  if (schema.items.empty()) return;
  for (std::size_t i = 0; i < array.size(); ++i) {
    check(array[i], schema.items.front(), item(path, i), errors);
  }
  check_unique(array, schema, path, errors);
}

void check_object(const Json& value, const Schema& schema, const std::string& path,
                  FieldErrors& errors) {
  const JsonObject& object = value.get_object();
  check_size(object.size(), schema.min_members, schema.max_members, "properties", value, path,
             errors);
  for (const auto& member : object) {
    const Schema* known = schema.property(member.key());
    if (known == nullptr && !schema.values.empty()) known = &schema.values.front();
    if (known != nullptr) check(member.value(), *known, child(path, member.key()), errors);
  }
  for (const auto& name : schema.required) {
    if (!object.contains(name)) {
      errors.push_back({.type = Type::kRequired, .field = child(path, name)});
    }
  }
}

void check_rules_of_members(const Json& value, const Json* old, const Schema& schema,
                            const std::string& path, FieldErrors& errors) {
  if (const auto* array = value.if_array(); array != nullptr && !schema.items.empty()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      check_rules((*array)[i], nullptr, schema.items.front(), item(path, i), errors);
    }
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    const Schema* known = schema.property(member.key());
    if (known == nullptr && !schema.values.empty()) known = &schema.values.front();
    if (known == nullptr || !known->rules_below) continue;
    const JsonObject* before = old == nullptr ? nullptr : old->if_object();
    const Json* former = before == nullptr ? nullptr : before->if_contains(member.key());
    check_rules(member.value(), former, *known, child(path, member.key()), errors);
  }
}

}  // namespace

void check(const Json& value, const Schema& schema, const std::string& path, FieldErrors& errors) {
  if (value.is_null() && schema.nullable) return;
  if (value.is_null() ? schema.type != Schema::Type::kAny : !fits(value, schema)) {
    wrong_type(value, schema, path, errors);
    check_choices(value, schema, path, errors);
    return;
  }
  check_choices(value, schema, path, errors);
  if (value.is_string()) check_text(value, schema, path, errors);
  if (value.is_number()) check_number(value, schema, path, errors);
  if (value.is_array()) check_array(value, schema, path, errors);
  if (value.is_object()) check_object(value, schema, path, errors);
}

void check_rules(const Json& value, const Json* old, const Schema& schema, const std::string& path,
                 FieldErrors& errors) {
  if (!schema.rules_below || value.is_null()) return;
  for (const Rule& rule : schema.rules) {
    if (rule.compares && old == nullptr) continue;
    if (rule.holds(value, old)) continue;
    errors.push_back({.type = Type::kInvalid,
                      .field = path,
                      .value = value,
                      .detail = rule.message,
                      .says_value = !value.is_structured()});
  }
  check_rules_of_members(value, old, schema, path, errors);
}

}  // namespace infra::sim
