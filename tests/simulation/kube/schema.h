#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "kube/field_errors.h"
#include "kube/pattern.h"
#include "kube/rules.h"

namespace infra::sim {

// An openAPIV3Schema made ready for use. Compiling throws std::runtime_error on a keyword or a rule
// that this server does not know, so that none is silently left out.
struct Schema {
  enum class Type { kAny, kObject, kArray, kString, kInteger, kNumber, kBoolean };
  enum class Format { kNone, kDateTime, kMicroTime, kInt32, kInt64, kByte };

  Type type = Type::kAny;
  Format format = Format::kNone;
  bool nullable = false;
  bool keeps_unknown = false;
  std::vector<std::pair<std::string, Schema>> properties;  // by name
  std::vector<Schema> values;                              // of a map; none or one
  std::vector<Schema> items;                               // of an array; none or one
  std::vector<std::string> required;
  std::vector<Json> choices;
  std::optional<Json> initial;  // "default"
  std::optional<double> minimum, maximum;
  std::optional<std::size_t> min_length, max_length, min_items, max_items, min_members, max_members;
  std::string pattern_text;
  std::shared_ptr<const Pattern> pattern;
  std::vector<std::string> list_keys;  // of an array that is a map by these
  bool list_set = false;
  std::vector<Rule> rules;
  bool rules_below = false;     // here or anywhere below
  bool defaults_below = false;  // likewise

  const Schema* property(std::string_view name) const;
};

Schema compile_schema(const Json& text);

// Removes what the schema does not know, and names it if asked to. At the root of an object
// apiVersion, kind and metadata stay as they are.
using UnknownFields = std::vector<std::string>;
void prune(Json& value, const Schema& schema, bool root, UnknownFields* unknown = nullptr,
           const std::string& path = "");
// Removes nulls that may not be there and have no default.
void drop_nulls(Json& value, const Schema& schema);
void apply_defaults(Json& value, const Schema& schema);

// All but rules.
void check(const Json& value, const Schema& schema, const std::string& path, FieldErrors& errors);
// The rules; `old` is null where there is no former value.
void check_rules(const Json& value, const Json* old, const Schema& schema, const std::string& path,
                 FieldErrors& errors);

}  // namespace infra::sim
