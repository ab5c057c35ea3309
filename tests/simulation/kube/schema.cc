#include "kube/schema.h"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

namespace infra::sim {
namespace {

using Filler = std::function<void(Schema&, const Json&)>;

[[noreturn]] void unknown(std::string_view what, std::string_view value) {
  throw std::runtime_error("the fake API server does not know " + std::string(what) + " '" +
                           std::string(value) + "' in a schema: teach it in kube/schema.cc");
}

Schema::Type type_of(std::string_view name) {
  if (name == "object") return Schema::Type::kObject;
  if (name == "array") return Schema::Type::kArray;
  if (name == "string") return Schema::Type::kString;
  if (name == "integer") return Schema::Type::kInteger;
  if (name == "number") return Schema::Type::kNumber;
  if (name == "boolean") return Schema::Type::kBoolean;
  unknown("the type", name);
}

Schema::Format format_of(std::string_view name) {
  if (name == "date-time") return Schema::Format::kDateTime;
  if (name == "micro-time") return Schema::Format::kMicroTime;
  if (name == "int32") return Schema::Format::kInt32;
  if (name == "int64") return Schema::Format::kInt64;
  if (name == "byte") return Schema::Format::kByte;
  unknown("the format", name);
}

void fill_properties(Schema& schema, const Json& text) {
  for (const auto& member : text.as_object()) {
    schema.properties.emplace_back(member.key(), compile_schema(member.value()));
  }
  std::ranges::sort(schema.properties, {}, [](const auto& entry) { return entry.first; });
}

void fill_values(Schema& schema, const Json& text) {
  if (text.is_bool()) {
    if (!text.get_bool()) unknown("the value of additionalProperties", "false");
    schema.values.emplace_back().keeps_unknown = true;
  } else {
    schema.values.push_back(compile_schema(text));
  }
}

void fill_list_type(Schema& schema, const Json& text) {
  const std::string_view name = text.as_string();
  if (name != "map" && name != "set" && name != "atomic") unknown("the list type", name);
  schema.list_set = name == "set";
}

void fill_rules(Schema& schema, const Json& text) {
  for (const Json& rule : text.as_array()) {
    for (const auto& member : rule.as_object()) {
      if (member.key() != "rule" && member.key() != "message") unknown("the word", member.key());
    }
    schema.rules.push_back(compile_rule(text_at(rule, "rule"), text_at(rule, "message")));
  }
}

void fill_texts(std::vector<std::string>& out, const Json& text) {
  for (const Json& one : text.as_array()) out.emplace_back(one.as_string());
}

template <class T>
Filler number(T Schema::* member) {
  return [member](Schema& schema, const Json& text) {
    schema.*member = text.to_number<typename T::value_type>();
  };
}

void fill_pattern(Schema& schema, const Json& text) {
  schema.pattern_text = std::string(text.as_string());
  schema.pattern = std::make_shared<const Pattern>(schema.pattern_text);
}

void ignore(Schema&, const Json&) {}

const std::map<std::string_view, Filler>& fillers() {
  static const std::map<std::string_view, Filler> all{
      {"description", ignore},
      {"title", ignore},
      {"example", ignore},
      {"type", [](Schema& s, const Json& text) { s.type = type_of(text.as_string()); }},
      {"format", [](Schema& s, const Json& text) { s.format = format_of(text.as_string()); }},
      {"nullable", [](Schema& s, const Json& text) { s.nullable = text.as_bool(); }},
      {"x-kubernetes-preserve-unknown-fields",
       [](Schema& s, const Json& text) { s.keeps_unknown = text.as_bool(); }},
      {"properties", fill_properties},
      {"additionalProperties", fill_values},
      {"items", [](Schema& s, const Json& text) { s.items.push_back(compile_schema(text)); }},
      {"required", [](Schema& s, const Json& text) { fill_texts(s.required, text); }},
      {"enum",
       [](Schema& s, const Json& text) {
         s.choices.assign(text.as_array().begin(), text.as_array().end());
       }},
      {"default", [](Schema& s, const Json& text) { s.initial = text; }},
      {"minimum", number(&Schema::minimum)},
      {"maximum", number(&Schema::maximum)},
      {"minLength", number(&Schema::min_length)},
      {"maxLength", number(&Schema::max_length)},
      {"minItems", number(&Schema::min_items)},
      {"maxItems", number(&Schema::max_items)},
      {"minProperties", number(&Schema::min_members)},
      {"maxProperties", number(&Schema::max_members)},
      {"pattern", fill_pattern},
      {"x-kubernetes-list-type", fill_list_type},
      {"x-kubernetes-map-type", ignore},
      {"x-kubernetes-list-map-keys",
       [](Schema& s, const Json& text) { fill_texts(s.list_keys, text); }},
      {"x-kubernetes-validations", fill_rules},
  };
  return all;
}

template <class F>
void for_each_child(const Schema& schema, F visit) {
  for (const auto& [name, inner] : schema.properties) visit(inner);
  for (const Schema& inner : schema.values) visit(inner);
  for (const Schema& inner : schema.items) visit(inner);
}

void note_what_is_below(Schema& schema) {
  schema.rules_below = !schema.rules.empty();
  schema.defaults_below = schema.initial.has_value();
  for_each_child(schema, [&](const Schema& inner) {
    schema.rules_below |= inner.rules_below;
    schema.defaults_below |= inner.defaults_below;
  });
}

bool compares_below(const Schema& schema) {
  bool found = std::ranges::any_of(schema.rules, &Rule::compares);
  for_each_child(schema, [&](const Schema& inner) { found |= compares_below(inner); });
  return found;
}

const Schema* schema_of_member(const Schema& schema, std::string_view name) {
  const Schema* known = schema.property(name);
  if (known == nullptr && !schema.values.empty()) return &schema.values.front();
  return known;
}

bool is_meta(std::string_view name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

template <class F>
void erase_members(JsonObject& object, F unwanted) {
  for (auto member = object.begin(); member != object.end();) {
    // The last member takes the place of the erased one, or of none.
    member = unwanted(*member) ? object.stable_erase(member) : std::next(member);
  }
}

}  // namespace

const Schema* Schema::property(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      properties, name, {}, [](const auto& entry) { return std::string_view(entry.first); });
  return found != properties.end() && found->first == name ? &found->second : nullptr;
}

Schema compile_schema(const Json& text) {
  Schema schema;
  for (const auto& member : text.as_object()) {
    const auto filler = fillers().find(member.key());
    if (filler == fillers().end()) unknown("the keyword", member.key());
    filler->second(schema, member.value());
  }
  note_what_is_below(schema);
  if (!schema.items.empty() && compares_below(schema.items.front())) {
    unknown("a rule with oldSelf below the items of", "an array");
  }
  return schema;
}

void prune(Json& value, const Schema& schema, bool root, UnknownFields* unknown,
           const std::string& path) {
  // Paths are only made for those who ask, which is not the operator.
  const auto below = [&](std::string_view name) {
    return unknown == nullptr ? std::string() : child(path, name);
  };
  if (auto* array = value.if_array(); array != nullptr && !schema.items.empty()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      prune((*array)[i], schema.items.front(), false, unknown,
            unknown == nullptr ? path : item(path, i));
    }
  }
  auto* object = value.if_object();
  if (object == nullptr) return;
  if (!schema.keeps_unknown) {
    erase_members(*object, [&](const auto& member) {
      if (root && is_meta(member.key())) return false;
      if (schema_of_member(schema, member.key()) != nullptr) return false;
      if (unknown != nullptr) {
        unknown->push_back("unknown field " + quoted(child(path, member.key())));
      }
      return true;
    });
  }
  for (auto& member : *object) {
    if (root && is_meta(member.key())) continue;
    if (const auto* inner = schema_of_member(schema, member.key())) {
      prune(member.value(), *inner, false, unknown, below(member.key()));
    }
  }
}

void drop_nulls(Json& value, const Schema& schema) {
  if (auto* array = value.if_array(); array != nullptr && !schema.items.empty()) {
    for (Json& item : *array) drop_nulls(item, schema.items.front());
  }
  auto* object = value.if_object();
  if (object == nullptr) return;
  erase_members(*object, [&](const auto& member) {
    const Schema* inner = schema_of_member(schema, member.key());
    return member.value().is_null() && inner != nullptr && !inner->nullable && !inner->initial;
  });
  for (auto& member : *object) {
    if (const auto* inner = schema_of_member(schema, member.key())) {
      drop_nulls(member.value(), *inner);
    }
  }
}

void apply_defaults(Json& value, const Schema& schema) {
  if (!schema.defaults_below) return;
  if (auto* array = value.if_array(); array != nullptr && !schema.items.empty()) {
    for (Json& item : *array) apply_defaults(item, schema.items.front());
  }
  auto* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& [name, inner] : schema.properties) {
    if (!inner.initial) continue;
    const Json* present = object->if_contains(name);
    if (present == nullptr || (present->is_null() && !inner.nullable)) {
      (*object)[name] = *inner.initial;
    }
  }
  for (auto& member : *object) {
    if (const auto* inner = schema_of_member(schema, member.key())) {
      apply_defaults(member.value(), *inner);
    }
  }
}

}  // namespace infra::sim
