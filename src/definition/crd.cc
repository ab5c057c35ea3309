#include "definition/crd.h"

#include <fmt/format.h>

#include <algorithm>

#include "definition/object_reference.h"

namespace infra::definition {
namespace {

constexpr std::string_view kRules = "x-kubernetes-validations";
constexpr std::string_view kCidr = R"((self.matches('^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$'))"
                                   R"( && self.split('/')[0].split('.').all(n, int(n) <= 255))"
                                   R"( && int(self.split('/')[1]) <= 32))";
constexpr std::int64_t kLongestCidr = 49;
// The API server refuses a rule whose cost it cannot bound; lists above a rule need a limit.
constexpr std::int64_t kLongestRuledList = 500;

JsonObject rule(std::string expression, std::string message) {
  return {{"rule", expression}, {"message", message}};
}

void add_rule(JsonObject& schema, std::string expression, std::string message) {
  if (!schema.contains(kRules)) schema[kRules] = JsonArray{};
  schema[kRules].as_array().push_back(rule(std::move(expression), std::move(message)));
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kString: return "string";
    case Type::kInteger: return "integer";
    case Type::kBoolean: return "boolean";
    case Type::kArray: return "array";
    case Type::kObject:
    case Type::kStringMap:
    case Type::kSecretKey: return "object";
  }
  return "object";
}

enum class Place { kObject, kList };  // a list's items cannot be told from their older selves

bool holds_rules(const JsonObject& schema) {
  if (schema.contains(kRules)) return true;
  for (const auto* word : {"items", "properties"}) {
    const auto* inner = schema.if_contains(word);
    if (inner == nullptr) continue;
    if (word == std::string_view("items")) return holds_rules(inner->as_object());
    for (const auto& member : inner->as_object()) {
      if (holds_rules(member.value().as_object())) return true;
    }
  }
  return false;
}

JsonObject field_schema(const Field& field, Place place);

void describe_string(const Field& field, bool may_be_empty, JsonObject& schema) {
  const std::string or_empty = may_be_empty ? "self == '' || " : "";
  if (!field.allowed.empty()) {
    JsonArray allowed(field.allowed.begin(), field.allowed.end());
    const bool has_empty = std::ranges::find(field.allowed, "") != field.allowed.end();
    if (may_be_empty && !has_empty) allowed.emplace_back("");
    schema["enum"] = std::move(allowed);
  }
  if (!field.pattern.empty()) {
    schema["pattern"] = may_be_empty ? "^$|" + field.pattern : field.pattern;
  }
  if (field.max_length) schema["maxLength"] = *field.max_length;
  if (field.min_length && !may_be_empty) schema["minLength"] = *field.min_length;
  if (field.min_length && may_be_empty && *field.min_length > 1) {
    add_rule(schema, fmt::format("{}size(self) >= {}", or_empty, *field.min_length),
             fmt::format("must have {} characters or more", *field.min_length));
  }
  if (field.format == "cidr") {
    if (!field.max_length) schema["maxLength"] = kLongestCidr;
    add_rule(schema, or_empty + "self.contains(':') || " + std::string(kCidr),
             "must be an address range such as 10.0.0.0/16");
  } else if (!field.format.empty()) {
    schema["format"] = field.format;
  }
}

void describe_array(const Field& field, JsonObject& schema) {
  schema["items"] = field_schema(field.fields.front(), Place::kList);
  if (field.min_items) schema["minItems"] = *field.min_items;
  if (field.max_items) {
    schema["maxItems"] = *field.max_items;
  } else if (holds_rules(schema)) {
    schema["maxItems"] = kLongestRuledList;
  }
}

// An immutable field that may be absent must not appear or vanish either. The rule stands on the
// parent, because a rule on the field itself runs only while the field is there.
void keep_presence(const Field& field, JsonObject& parent) {
  const auto& name = field.name;
  const std::string message = fmt::format("{} cannot be changed once the object exists", name);
  if (field.reference) {
    add_rule(parent, literal_stays_rule(field), message);
  } else if (field.type == Type::kString) {
    add_rule(parent,
             fmt::format("(has(self.{0}) ? self.{0} : '') == (has(oldSelf.{0}) ? oldSelf.{0} : '')",
                         name),
             message);
  } else {
    add_rule(parent,
             fmt::format("has(self.{0}) == has(oldSelf.{0}) && (!has(self.{0}) || self.{0} == "
                         "oldSelf.{0})",
                         name),
             message);
  }
}

void describe_members(const std::vector<Field>& fields, Place place, JsonObject& schema) {
  JsonObject properties;
  JsonArray required;
  for (const Field& field : fields) {
    properties[field.name] = field_schema(field, place);
    if (must_be_written(field)) required.emplace_back(field.name);
    // What a reference leads to is compared by the engine: here it may change.
    for (const Field& added : reference_fields(field)) {
      properties[added.name] = field_schema(added, Place::kList);
    }
  }
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  for (const Field& field : fields) {
    if (field.reference) add_rule(schema, choice_rule(field), choice_message(field));
    const bool optional = !must_be_written(field) && field.fallback.is_null();
    if (field.immutable && optional && place == Place::kObject) keep_presence(field, schema);
  }
}

JsonObject field_schema(const Field& field, Place place) {
  JsonObject schema{{"type", type_name(field.type)}};
  if (!field.description.empty()) schema["description"] = field.description;
  if (!field.fallback.is_null()) schema["default"] = field.fallback;
  // An item of a list has no name and is never "absent".
  if (field.type == Type::kString) {
    describe_string(field, !must_be_written(field) && !field.name.empty(), schema);
  } else if (!field.format.empty() && field.type != Type::kSecretKey) {
    schema["format"] = field.format;
  }
  if (field.minimum) schema["minimum"] = *field.minimum;
  if (field.maximum) schema["maximum"] = *field.maximum;
  if (field.type == Type::kArray) describe_array(field, schema);
  const bool has_members = field.type == Type::kObject || field.type == Type::kSecretKey;
  if (has_members) describe_members(field.fields, place, schema);
  if (field.type == Type::kStringMap) {
    schema["additionalProperties"] = JsonObject{{"type", "string"}};
    if (field.min_items) schema["minProperties"] = *field.min_items;
  }
  const bool always_there = must_be_written(field) || !field.fallback.is_null();
  if (field.immutable && always_there && place == Place::kObject) {
    add_rule(schema, "self == oldSelf",
             fmt::format("{} cannot be changed once the object exists", field.name));
  }
  return schema;
}

JsonObject text(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}

JsonObject moment(std::string_view description) {
  return {{"type", "string"}, {"description", description}, {"format", "date-time"}};
}

JsonObject with(JsonObject schema, std::string_view word, Json value) {
  schema[word] = std::move(value);
  return schema;
}

JsonObject generation(std::string_view description) {
  return {{"type", "integer"}, {"description", description}, {"format", "int64"}, {"minimum", 0}};
}

JsonObject condition_schema() {
  JsonObject properties;
  properties["lastTransitionTime"] = moment("When the status of the condition last changed.");
  properties["message"] = with(text("What it means, for people."), "maxLength", 32768);
  properties["observedGeneration"] = generation("The generation of spec that it is about.");
  properties["reason"] =
      with(with(with(text("Why it is so, in one word."), "minLength", 1), "maxLength", 1024),
           "pattern", "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$");
  properties["status"] =
      with(text("Whether it holds."), "enum", JsonArray{"True", "False", "Unknown"});
  properties["type"] = with(
      with(text("What it is about."), "maxLength", 316), "pattern",
      "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-"
      "9_.]*)?[A-Za-z0-9])$");
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", JsonArray{"lastTransitionTime", "message", "reason", "status", "type"}}};
}

void add_common_status(JsonObject& properties) {
  properties["ready"] = JsonObject{
      {"type", "boolean"}, {"description", "Whether the last pass found everything as declared."}};
  properties["conditions"] = JsonObject{{"type", "array"},
                                        {"description", "Where the object stands: Ready, Synced."},
                                        {"items", condition_schema()},
                                        {"x-kubernetes-list-type", "map"},
                                        {"x-kubernetes-list-map-keys", JsonArray{"type"}}};
  properties["observedGeneration"] = generation("The generation of spec last worked on.");
}

JsonObject drift_schema() {
  JsonObject item{{"type", "object"}};
  item["properties"] = JsonObject{{"field", text("Path in spec; resource: all of it.")},
                                  {"expected", text("What is declared; absent or empty: nothing.")},
                                  {"actual", text("What AWS had; absent or empty: nothing.")},
                                  {"severity", text("low, medium, high or critical.")}};
  JsonObject properties{
      {"detected", JsonObject{{"type", "boolean"}, {"description", "Whether it is still so."}}},
      {"lastCheck", moment("When it was found, or found as declared again.")}};
  properties["details"] =
      JsonObject{{"type", "array"}, {"description", "What differed."}, {"items", std::move(item)}};
  return {{"type", "object"},
          {"description", "What was last found to have been changed in AWS."},
          {"properties", std::move(properties)}};
}

void add_resource_status(JsonObject& properties) {
  properties["settledSpec"] = text("Digest of what was declared when AWS last had it so.");
  properties["drift"] = drift_schema();
  properties["lastSyncTime"] = moment("When a pass last ended well.");
  properties["location"] = text("Account and region that hold the resource.");
  JsonObject creation{{"token", text("Sent along so that a repeated create is recognised.")},
                      {"startedAt", moment("When the create was first tried.")},
                      {"renewed", moment("When AWS said that the create's token is used up.")}};
  properties["creation"] = JsonObject{{"type", "object"},
                                      {"description", "A create whose outcome is not known yet."},
                                      {"properties", std::move(creation)}};
  properties["lastHandledReconcileAt"] =
      text("Value of the annotation reconcile-requested-at as last seen to.");
  JsonObject absence{{"since", moment("When AWS first did not know it.")}};
  properties["absence"] =
      JsonObject{{"type", "object"},
                 {"description", "A resource that AWS knew and does not know any more."},
                 {"properties", std::move(absence)}};
  properties["tagKeys"] = JsonObject{{"type", "array"},
                                     {"description", "Keys of the tags that this object has set."},
                                     {"items", JsonObject{{"type", "string"}}}};
  properties["removedTags"] = JsonObject{
      {"type", "object"},
      {"description", "Keys of tags that are not declared any more, and when that was seen."},
      {"additionalProperties", moment("When it was taken away.")}};
}

JsonObject status_schema(const Definition& definition) {
  JsonObject properties;
  for (const StatusField& status : definition.status) {
    Field field = status.field;
    field.required = false;
    properties[field.name] = field_schema(field, Place::kList);
  }
  add_common_status(properties);
  if (!definition.service.empty()) add_resource_status(properties);
  return {{"type", "object"},
          {"description", "What the operator has found and done."},
          {"properties", std::move(properties)}};
}

JsonObject spec_schema(const Definition& definition) {
  JsonObject schema{{"type", "object"}, {"description", "What is wanted."}};
  describe_members(definition.spec, Place::kObject, schema);
  for (const std::string& text : definition.rules) {
    const auto at = text.rfind(": ");
    add_rule(schema, text.substr(0, at), text.substr(at + 2));
  }
  return schema;
}

JsonObject root_schema(const Definition& definition) {
  JsonObject properties;
  properties["apiVersion"] = text("The group and version of this kind.");
  properties["kind"] = text("The name of this kind.");
  properties["metadata"] = JsonObject{{"type", "object"}};
  properties["spec"] = spec_schema(definition);
  properties["status"] = status_schema(definition);
  return {{"type", "object"},
          {"description", definition.description},
          {"properties", std::move(properties)},
          {"required", JsonArray{"spec"}}};
}

// The schema below a column's path, or nullptr.
const JsonObject* schema_at(const JsonObject& root, std::string_view path) {
  const JsonObject* schema = &root;
  while (!path.empty() && schema != nullptr) {
    path.remove_prefix(1);  // the dot
    const auto name = path.substr(0, path.find('.'));
    path.remove_prefix(name.size());
    const auto* properties = schema->if_contains("properties");
    const auto* found = properties == nullptr ? nullptr : properties->as_object().if_contains(name);
    schema = found == nullptr ? nullptr : &found->as_object();
  }
  return schema;
}

std::string column_type(const JsonObject& root, std::string_view path) {
  if (path == ".metadata.creationTimestamp") return "date";
  const JsonObject* schema = schema_at(root, path);
  if (schema == nullptr) return "string";
  const auto* format = schema->if_contains("format");
  if (format != nullptr && *format == Json("date-time")) return "date";
  const std::string type(schema->at("type").as_string());
  return type == "integer" || type == "boolean" ? type : "string";
}

JsonArray columns(const Definition& definition, const JsonObject& root) {
  JsonArray out;
  for (const auto& [title, path] : definition.columns) {
    out.push_back(
        JsonObject{{"name", title}, {"type", column_type(root, path)}, {"jsonPath", path}});
  }
  return out;
}

JsonObject names(const Definition& definition) {
  JsonObject out{{"kind", definition.kind},
                 {"listKind", definition.kind + "List"},
                 {"plural", definition.plural},
                 {"singular", definition.singular}};
  JsonArray shorts;
  for (const auto& name : definition.short_names) shorts.emplace_back(name);
  if (!shorts.empty()) out["shortNames"] = std::move(shorts);
  out["categories"] = JsonArray{"aws"};
  return out;
}

}  // namespace

JsonObject make_crd(const Definition& definition) {
  JsonObject root = root_schema(definition);
  JsonObject version{{"name", kVersion}, {"served", true}, {"storage", true}};
  version["subresources"] = JsonObject{{"status", JsonObject{}}};
  version["additionalPrinterColumns"] = columns(definition, root);
  version["schema"] = JsonObject{{"openAPIV3Schema", std::move(root)}};
  JsonObject spec{{"group", kGroup}, {"names", names(definition)}, {"scope", "Namespaced"}};
  spec["versions"] = JsonArray{std::move(version)};
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata", JsonObject{{"name", fmt::format("{}.{}", definition.plural, kGroup)}}},
          {"spec", std::move(spec)}};
}

}  // namespace infra::definition
