#include "definition/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "definition/embedded.h"
#include "definition/references.h"
#include "definition/yaml_reader.h"

namespace infra::definition {
namespace {

template <class Value>
using Spelling = std::pair<std::string_view, Value>;

constexpr Spelling<Type> kTypes[] = {
    {"string", Type::kString},      {"integer", Type::kInteger}, {"boolean", Type::kBoolean},
    {"object", Type::kObject},      {"array", Type::kArray},     {"stringMap", Type::kStringMap},
    {"secretKey", Type::kSecretKey}};
constexpr Spelling<Form> kForms[] = {{"plain", Form::kPlain},     {"text", Form::kText},
                                     {"json", Form::kJson},       {"policy", Form::kPolicy},
                                     {"set", Form::kSet},         {"network", Form::kNetwork},
                                     {"kmsKey", Form::kKmsKey},   {"nameOrArn", Form::kNameOrArn},
                                     {"base64", Form::kBase64},   {"version", Form::kVersion},
                                     {"atLeast", Form::kAtLeast}, {"count", Form::kCount},
                                     {"others", Form::kOthers},   {"anyCase", Form::kAnyCase}};
// AWS's, as botocore's partitions.json names them.
const std::initializer_list<std::string_view> kPartitions{
    "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"};
constexpr Spelling<Tags::Shape> kShapes[] = {{"list", Tags::Shape::kList},
                                             {"map", Tags::Shape::kMap}};

template <class Value, std::size_t Size>
Value one_of(const Words& words, std::string_view word, const Spelling<Value> (&known)[Size],
             Value otherwise) {
  if (!words.has(word)) return otherwise;
  const std::string text = words.text(word);
  std::string names;
  for (const auto& [name, value] : known) {
    if (name == text) return value;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  words.wrong(word, fmt::format("is '{}', which is none of {}", text, names));
  return otherwise;
}

std::vector<Field> read_fields(const Words& parent, std::string_view word);

bool type_fits(const Json& value, Type type) {
  switch (type) {
    case Type::kString: return value.is_string();
    case Type::kInteger: return value.is_int64();
    case Type::kBoolean: return value.is_bool();
    case Type::kArray: return value.is_array();
    case Type::kObject:
    case Type::kStringMap:
    case Type::kSecretKey: return value.is_object();
  }
  return false;
}

// What the manifest holds of a field of type secretKey.
std::vector<Field> secret_key_fields(const std::string& format) {
  Field name{.name = "name", .description = "Name of the Secret."};
  Field key{.name = "key", .description = "The key in it."};
  for (Field* field : {&name, &key}) {
    field->required = true;
    field->min_length = 1;
  }
  Field ns{.name = "namespace",
           .description =
               "Namespace of the Secret; the object's own when absent. Another one only "
               "if the Secret allows it."};
  std::vector<Field> out{std::move(name), std::move(key), std::move(ns)};
  if (format == "byte") return out;
  out.push_back({.name = "generate",
                 .type = Type::kBoolean,
                 .description = "Whether a Secret or key that is not there is made, with 30 random "
                                "letters and digits."});
  return out;
}

// The words that a spec field, a status field and a list's items share.
void read_shape(const Words& words, Field& field) {
  field.type = one_of(words, "type", kTypes, Type::kString);
  field.description = words.text("description");
  field.format = words.text("format");
  if (words.has("fields") && field.type != Type::kObject) {
    words.wrong("fields", "belongs to type object only");
  }
  field.fields = read_fields(words, "fields");
  if (words.has("items") && field.type != Type::kArray) {
    words.wrong("items", "belongs to type array only");
  }
}

Reference read_reference(const YAML::Node& node, const Words& field, Complaints& complaints) {
  const Words words(node, "'reference' of " + field.where(), complaints, {"kind", "as", "from"});
  for (const auto* word : {"kind", "as", "from"}) words.require(word);
  Reference reference{
      .kind = words.text("kind"), .as = words.text("as"), .from = words.text("from")};
  const bool list = field.text("type") == "array";
  if (!reference.as.ends_with(list ? "Refs" : "Ref")) {
    words.wrong("as", list ? "must end in Refs, for a list" : "must end in Ref");
  }
  return reference;
}

void read_mapping(const Words& words, Field& field) {
  field.at = words.text("at");
  field.read_at = words.has("readAt") ? words.text("readAt") : field.at;
  field.tag = words.text("tag");
  field.form = one_of(words, "form", kForms, Form::kPlain);
  field.values = words.text_map("values");
  field.shown = words.text_map("shown");
  field.absent_as = words.json("absentAs");
  field.condition = {.when = words.json_map("when"), .unless = words.json_map("unless")};
  field.required = words.flag("required");
  field.immutable = words.flag("immutable");
  field.secret = words.flag("secret");
  field.severity = words.text("severity");
  const bool known = std::ranges::find(kSeverities, field.severity) != kSeverities.end();
  if (words.has("severity") && !known)
    words.wrong("severity", "is none of low, medium, high, critical");
  if (words.has("reference")) {
    field.reference = read_reference(words.node("reference"), words, words.complaints());
  }
}

void read_bounds(const Words& words, Field& field) {
  field.fallback = words.json("default");
  if (words.has("default") && !type_fits(field.fallback, field.type)) {
    words.wrong("default", "has another type than the field");
  }
  field.allowed = words.texts("enum");
  field.pattern = words.text("pattern");
  field.minimum = words.integer("minimum");
  field.maximum = words.integer("maximum");
  field.min_length = words.integer("minLength");
  field.max_length = words.integer("maxLength");
  field.min_items = words.integer("minItems");
  field.max_items = words.integer("maxItems");
  const auto* fallback = field.fallback.if_string();
  if (fallback != nullptr && !field.allowed.empty() &&
      std::ranges::find(field.allowed, std::string(*fallback)) == field.allowed.end()) {
    words.wrong("default", "is not in the enum");
  }
}

void read_not_in(const Words& words, Field& field) {
  if (!words.has("notIn")) return;
  const Words lacking(words.node("notIn"), "'notIn' of " + words.where(), words.complaints(),
                      kPartitions);
  for (const std::string_view partition : kPartitions) {
    if (!lacking.has(partition)) continue;
    auto& values = field.not_in[std::string(partition)] = lacking.texts(partition);
    for (const std::string& value : values) {
      if (std::ranges::find(field.allowed, value) != field.allowed.end()) continue;
      lacking.wrong(partition, "names " + value + ", which is not in the enum");
    }
  }
}

Field read_field(const YAML::Node& node, std::string name, std::string where,
                 Complaints& complaints) {
  const Words words(node, std::move(where), complaints,
                    {"type",      "description", "required", "immutable", "secret",  "at",
                     "readAt",    "form",        "values",   "absentAs",  "when",    "unless",
                     "default",   "enum",        "pattern",  "format",    "minimum", "maximum",
                     "minLength", "maxLength",   "minItems", "maxItems",  "fields",  "items",
                     "reference", "tag",         "shown",    "severity",  "notIn"});
  Field field;
  field.name = std::move(name);
  field.line = words.line();
  words.require("type");
  read_shape(words, field);
  read_mapping(words, field);
  read_bounds(words, field);
  read_not_in(words, field);
  if (field.type == Type::kArray) {
    words.require("items");
    if (words.has("items")) {
      field.fields = {
          read_field(words.node("items"), "", "the items of " + words.where(), complaints)};
    }
  }
  if (field.type == Type::kObject) words.require("fields");
  if (field.type == Type::kSecretKey) field.fields = secret_key_fields(field.format);
  if (!field.name.empty()) words.require("description");
  return field;
}

std::vector<Field> read_fields(const Words& parent, std::string_view word) {
  std::vector<Field> out;
  for (const auto& [name, node] : parent.entries(word)) {
    const std::string where =
        parent.where().starts_with("field ") ? parent.where() + "." + name : "field " + name;
    out.push_back(read_field(node, name, where, parent.complaints()));
  }
  return out;
}

StatusField read_status_field(const YAML::Node& node, const std::string& name,
                              Complaints& complaints) {
  const Words words(node, "status field " + name, complaints,
                    {"type", "description", "format", "from", "in", "count", "lasting", "hash",
                     "written", "text", "fields", "items", "values", "form"});
  StatusField status;
  status.field.name = name;
  status.field.line = words.line();
  words.require("type");
  words.require("description");
  read_shape(words, status.field);
  status.field.form = one_of(words, "form", kForms, Form::kPlain);
  status.field.values = words.text_map("values");
  if (words.has("items")) {
    status.field.fields = {
        read_field(words.node("items"), "", "the items of " + words.where(), complaints)};
  }
  status.from = words.text("from");
  status.in = words.text("in");
  status.count = words.flag("count");
  status.lasting = words.flag("lasting");
  status.hash = words.text("hash");
  status.written = words.text("written");
  status.text = words.text("text");
  return status;
}

Condition read_condition(const Words& words) {
  return {.when = words.json_map("when"), .unless = words.json_map("unless")};
}

Call read_call(const Words& words) {
  words.require("call");
  Call call;
  call.service = words.text("service");
  call.operation = words.text("call");
  call.input = words.has("input") ? words.json("input") : Json(JsonObject{});
  if (!call.input.is_object()) words.wrong("input", "must be a mapping of members");
  call.condition = read_condition(words);
  call.needs = words.text("needs");
  call.if_more = words.text("ifMore");
  call.if_fewer = words.text("ifFewer");
  call.replaces = words.text("replaces");
  call.done = words.texts("done");
  call.later = words.texts("later");
  call.blocked = words.text_map("blocked");
  call.always = words.flag("always");
  call.line = line_of(words.node("call"));
  if (call.line == 0) call.line = words.line();
  return call;
}

Call read_call(const YAML::Node& node, std::string where, Complaints& complaints) {
  return read_call(Words(node, std::move(where), complaints,
                         {"service", "call", "input", "when", "unless", "needs", "ifMore",
                          "ifFewer", "replaces", "done", "later", "blocked", "always"}));
}

Call read_call(const Words& parent, std::string_view word) {
  return read_call(parent.node(word), fmt::format("'{}' of {}", word, parent.where()),
                   parent.complaints());
}

std::vector<Call> read_calls(const Words& parent, std::string_view word) {
  std::vector<Call> out;
  for (const auto& node : parent.items(word)) {
    out.push_back(
        read_call(node, fmt::format("'{}' of {}", word, parent.where()), parent.complaints()));
  }
  return out;
}

Together read_together(const YAML::Node& node, const Words& facet) {
  const Words words(node, "'together' of " + facet.where(), facet.complaints(),
                    {"filter", "items", "id"});
  for (const auto* word : {"filter", "items", "id"}) words.require(word);
  return {.filter = words.text("filter"), .items = words.text("items"), .id = words.text("id")};
}

Facet read_facet(const YAML::Node& node, Complaints& complaints) {
  const Words words(
      node, "a facet", complaints,
      {"name", "read", "result", "absent", "empty", "denied", "fields", "write", "remembered",
       "when", "unless", "fold", "begun", "atMostEverySeconds", "together"});
  words.require("name");
  Facet facet;
  facet.name = words.text("name");
  facet.remembered = words.text("remembered");
  facet.result = words.text("result");
  facet.absent = words.texts("absent");
  facet.empty = words.texts("empty");
  facet.denied = words.text("denied");
  facet.fields = words.texts("fields");
  facet.write = read_calls(words, "write");
  facet.condition = read_condition(words);
  facet.fold = words.text("fold");
  facet.begun = words.text("begun");
  facet.at_most_every_seconds = words.integer("atMostEverySeconds").value_or(0);
  if (facet.remembered.empty()) words.require("read");
  if (!facet.remembered.empty() && words.has("read")) {
    words.wrong("read", "makes no sense beside 'remembered'");
  }
  if (words.has("read")) facet.read = read_call(words, "read");
  if (words.has("together")) facet.together = read_together(words.node("together"), words);
  return facet;
}

// `{Member: [values]}`
std::map<std::string, std::vector<Json>> read_choices(const Words& words, std::string_view word) {
  std::map<std::string, std::vector<Json>> out;
  for (const auto& [member, values] : words.json_map(word)) {
    if (const auto* list = values.if_array()) {
      out[member] = {list->begin(), list->end()};
    } else {
      words.wrong(word, "names a list of values for each member");
    }
  }
  return out;
}

ChildSet read_set(const YAML::Node& node, Complaints& complaints) {
  const Words words(
      node, "a set", complaints,
      {"field", "key", "each", "read", "items", "value", "only", "add", "change", "remove",
       "detail", "detailAt", "pending", "oneAtATime", "foreign", "removeFirst", "noted"});
  for (const auto* word : {"field", "items", "add", "remove"}) words.require(word);
  ChildSet set{.field = words.text("field"),
               .key = words.texts("key"),
               .each = words.texts("each"),
               .items = words.text("items"),
               .value = words.text("value")};
  set.noted = words.text("noted");
  set.one_at_a_time = words.flag("oneAtATime");
  set.remove_first = words.flag("removeFirst");
  set.foreign_stay = words.text("foreign") == "leave";
  if (words.has("foreign") && !set.foreign_stay) words.wrong("foreign", "can only be 'leave'");
  if (set.foreign_stay) words.require("noted");
  set.only = read_choices(words, "only");
  set.pending = read_choices(words, "pending");
  if (words.has("read")) set.read = read_call(words, "read");
  if (words.has("add")) set.add = read_call(words, "add");
  set.change = read_calls(words, "change");
  if (words.has("detail")) set.detail = read_call(words, "detail");
  set.detail_at = words.text("detailAt");
  if (words.has("remove")) set.remove = read_call(words, "remove");
  return set;
}

Tags read_tags(const YAML::Node& node, Complaints& complaints) {
  const Words words(
      node, "tags", complaints,
      {"shape", "key", "value", "readAt", "read", "result", "absent", "add", "remove"});
  words.require("add");
  Tags tags;
  tags.shape = one_of(words, "shape", kShapes, Tags::Shape::kList);
  if (words.has("key")) tags.key = words.text("key");
  if (words.has("value")) tags.value = words.text("value");
  tags.read_at = words.text("readAt");
  tags.result = words.text("result");
  tags.absent = words.texts("absent");
  if (words.has("read")) tags.read = read_call(words, "read");
  if (words.has("add")) tags.add = read_call(words, "add");
  if (words.has("remove")) tags.remove = read_call(words, "remove");
  if (words.has("read") == words.has("readAt")) {
    complaints.add(words.line(), "tags need either 'read' or 'readAt'");
  }
  return tags;
}

Identity read_identity(const YAML::Node& node, Complaints& complaints) {
  const Words words(node, "identity", complaints,
                    {"status", "assignedAt", "chosen", "proof", "readAt", "find",
                     "visibleAfterSeconds", "decidedBy", "answersExisting"});
  Identity identity{.status = words.text("status"),
                    .assigned_at = words.text("assignedAt"),
                    .chosen = words.text("chosen"),
                    .proof = words.text("proof"),
                    .read_at = words.text("readAt")};
  identity.visible_after_seconds = words.integer("visibleAfterSeconds").value_or(60);
  identity.decided_by = words.text("decidedBy");
  identity.answers_existing = words.flag("answersExisting");
  if (identity.chosen.empty() == identity.assigned_at.empty()) {
    complaints.add(words.line(), "identity needs either 'chosen' or 'assignedAt'");
  }
  if (identity.chosen.empty()) words.require("status");
  if (!identity.chosen.empty()) words.require("proof");
  if (words.has("find")) {
    const Words find(
        words.node("find"), "'find' of identity", complaints,
        {"service", "call", "input", "when", "unless", "needs", "replaces", "id", "absent"});
    find.require("id");
    identity.find = read_call(find);
    identity.find_id = find.text("id");
    identity.find_absent = find.texts("absent");
  }
  return identity;
}

States read_states(const YAML::Node& node, Complaints& complaints) {
  const Words words(
      node, "states", complaints,
      {"at", "ready", "progress", "leaving", "failed", "gone", "absent", "none", "some", "why"});
  words.require("at");
  words.require("ready");
  return {.at = words.text("at"),
          .ready = words.texts("ready"),
          .progress = words.texts("progress"),
          .failed = words.texts("failed"),
          .gone = words.texts("gone"),
          .leaving = words.texts("leaving"),
          .absent = words.texts("absent"),
          .none = words.text("none"),
          .some = words.text("some"),
          .why = words.text("why")};
}

// `instead: {Stop: {call: ...}}`
std::map<std::string, Call> read_instead(const Words& words) {
  std::map<std::string, Call> out;
  for (const auto& [policy, node] : words.entries("instead")) {
    out[policy] = read_call(node, "'instead' for policy " + policy, words.complaints());
  }
  return out;
}

void read_delete(const YAML::Node& node, Complaints& complaints, Definition& definition) {
  const Words words(
      node, "delete", complaints,
      {"service", "call", "input", "before", "absent", "later", "blocked", "calls", "instead"});
  if (words.has("call") == words.has("calls")) {
    complaints.add(words.line(), "delete needs either 'call' or 'calls'");
  }
  definition.removes =
      words.has("calls") ? read_calls(words, "calls") : std::vector{read_call(words)};
  definition.before_delete = read_calls(words, "before");
  definition.remove_absent = words.texts("absent");
  definition.instead = read_instead(words);
}

// "expression: message", which unquoted YAML takes for a mapping with one entry.
std::vector<std::string> read_rules(const Words& words) {
  std::vector<std::string> out;
  for (const auto& node : words.items("rules")) {
    if (node.IsScalar() && node.Scalar().find(": ") != std::string::npos) {
      out.push_back(node.Scalar());
    } else if (node.IsMap() && node.size() == 1) {
      out.push_back(node.begin()->first.Scalar() + ": " + node.begin()->second.Scalar());
    } else {
      words.complaints().add(line_of(node), "a rule is written 'expression: message'");
    }
  }
  return out;
}

Admission read_admission(const YAML::Node& node, Complaints& complaints) {
  const Words words(node, "admission", complaints, {"ranges", "openings", "warnings"});
  Admission out;
  for (const auto& item : words.items("ranges")) {
    const Words range(item, "a range of admission", complaints, {"field", "within", "of", "all"});
    for (const auto* word : {"field", "within", "of", "all"}) range.require(word);
    out.ranges.push_back({.field = range.text("field"),
                          .within = range.text("within"),
                          .of = range.text("of"),
                          .all = range.text("all"),
                          .line = range.line()});
  }
  for (const auto& item : words.items("openings")) {
    const Words opening(item, "an opening", complaints,
                        {"list", "from", "protocol", "first", "last"});
    for (const auto* word : {"list", "from", "protocol", "first", "last"}) opening.require(word);
    out.openings.push_back({.list = opening.text("list"),
                            .from = opening.texts("from"),
                            .protocol = opening.text("protocol"),
                            .first = opening.text("first"),
                            .last = opening.text("last"),
                            .line = opening.line()});
  }
  for (const auto& item : words.items("warnings")) {
    const Words warning(item, "a warning", complaints, {"needs", "when", "unless", "says"});
    warning.require("says");
    out.warnings.push_back({.needs = warning.text("needs"),
                            .condition = read_condition(warning),
                            .says = warning.text("says"),
                            .line = warning.line()});
  }
  return out;
}

void read_names(const Words& words, Definition& definition) {
  for (const auto* word : {"kind", "plural", "description", "spec"}) words.require(word);
  definition.kind = words.text("kind");
  definition.plural = words.text("plural");
  definition.singular = words.text("singular");
  if (definition.singular.empty()) {
    definition.singular = definition.kind;
    for (char& c : definition.singular) c = static_cast<char>(std::tolower(c));
  }
  definition.service = words.text("service");
  definition.description = words.text("description");
  definition.short_names = words.texts("shortNames");
  definition.columns = words.pairs("columns");
  definition.rules = read_rules(words);
  if (words.has("admission")) {
    definition.admission = read_admission(words.node("admission"), words.complaints());
  }
  definition.sample = words.json("sample");
  if (words.has("connection")) definition.connection = words.json("connection");
  definition.spec = read_fields(words, "spec");
  for (const auto& [name, node] : words.entries("status")) {
    definition.status.push_back(read_status_field(node, name, words.complaints()));
  }
}

void read_behaviour(const Words& words, Definition& definition) {
  Complaints& complaints = words.complaints();
  for (const auto* word : {"identity", "facets", "create", "delete"}) words.require(word);
  if (words.has("identity"))
    definition.identity = read_identity(words.node("identity"), complaints);
  for (const auto& node : words.items("facets")) {
    definition.facets.push_back(read_facet(node, complaints));
  }
  for (const auto& node : words.items("sets")) {
    definition.sets.push_back(read_set(node, complaints));
  }
  if (words.has("tags")) definition.tags = read_tags(words.node("tags"), complaints);
  if (words.has("states")) definition.states = read_states(words.node("states"), complaints);
  if (words.has("create")) definition.create = read_call(words, "create");
  if (words.has("delete")) read_delete(words.node("delete"), complaints, definition);
}

// Whatever its variants have in common stands in `definition` already; only where a status field
// comes from may differ.
void read_variants(const Words& words, Definition& definition) {
  const Definition common = definition;
  for (const auto& node : words.items("variants")) {
    const Words one(
        node, "a variant", words.complaints(),
        {"when", "status", "identity", "facets", "sets", "tags", "states", "create", "delete"});
    one.require("when");
    Definition variant = common;
    variant.variant = {.when = one.json_map("when"), .unless = {}};
    read_behaviour(one, variant);
    for (const auto& [name, source] : one.entries("status")) {
      const Words from(source, "status field " + name, words.complaints(), {"from", "in", "text"});
      const auto field = std::ranges::find_if(
          variant.status, [&name](const StatusField& status) { return status.field.name == name; });
      if (field == variant.status.end()) {
        one.wrong("status", fmt::format("names '{}', which is no status field of the kind", name));
        continue;
      }
      field->from = from.text("from");
      field->in = from.text("in");
      field->text = from.text("text");
    }
    definition.variants.push_back(std::move(variant));
  }
}

// The default policy stands first from here on.
void put_default_policy_first(const Words& words, Definition& definition) {
  if (!words.has("defaultDeletionPolicy")) return;
  auto& policies = definition.deletion_policies;
  const auto found = std::ranges::find(policies, words.text("defaultDeletionPolicy"));
  if (found == policies.end()) {
    words.wrong("defaultDeletionPolicy", "is not in deletionPolicies");
    return;
  }
  std::rotate(policies.begin(), found, found + 1);
}

Field provider_reference() {
  Field name{.name = "name", .description = "Name of the AWSProvider."};
  name.required = true;
  Field ns{.name = "namespace",
           .description = "Namespace of the AWSProvider; the object's own when absent."};
  Field reference{.name = "providerRef",
                  .type = Type::kObject,
                  .description = "The AWSProvider whose account and region hold the resource."};
  reference.required = true;
  reference.fields = {std::move(name), std::move(ns)};
  return reference;
}

Field deletion_policy(const std::vector<std::string>& policies) {
  Field field{.name = "deletionPolicy",
              .description = "What becomes of the AWS resource when this object is deleted."};
  field.allowed = policies;
  if (!policies.empty()) field.fallback = Json(policies.front());
  return field;
}

// { name } of a Secret in the object's namespace.
Field connection_secret(const Json& connection) {
  Field name{.name = "name", .description = "Name of the Secret."};
  name.required = true;
  name.min_length = 1;
  std::string keys;
  for (const auto& [key, value] : connection.as_object()) {
    keys += (keys.empty() ? "" : ", ") + std::string(key);
  }
  Field out{.name = std::string(kConnectionSecret),
            .type = Type::kObject,
            .description = "A Secret to write connection details into: " + keys + "."};
  out.fields = {std::move(name)};
  return out;
}

void add_common_fields(const Words& words, Definition& definition) {
  for (const auto* name : {"providerRef", "deletionPolicy", "tags", "writeConnectionSecretToRef"}) {
    if (definition.field(name) != nullptr) {
      words.wrong("spec", fmt::format("must not hold '{}': it is added by itself", name));
    }
  }
  definition.spec.push_back(provider_reference());
  definition.spec.push_back(deletion_policy(definition.deletion_policies));
  if (!definition.connection.as_object().empty()) {
    definition.spec.push_back(connection_secret(definition.connection));
  }
  if (!definition.tags && !words.has("variants")) return;
  definition.spec.push_back(
      {.name = "tags",
       .type = Type::kStringMap,
       .description = "Tags of the AWS resource, beside the operator's own."});
}

enum class Role { kResource, kProvider };

Definition read_definition(const YAML::Node& root, std::string file, Role role,
                           Complaints& complaints) {
  const Words words(root, "the definition", complaints,
                    {"kind",
                     "plural",
                     "singular",
                     "shortNames",
                     "service",
                     "description",
                     "columns",
                     "spec",
                     "status",
                     "rules",
                     "admission",
                     "identity",
                     "facets",
                     "sets",
                     "tags",
                     "states",
                     "create",
                     "delete",
                     "deletionPolicies",
                     "defaultDeletionPolicy",
                     "holdsData",
                     "variants",
                     "connection",
                     "sample"});
  Definition definition;
  definition.file = std::move(file);
  read_names(words, definition);
  if (role == Role::kProvider) return definition;
  for (const auto* word : {"service", "deletionPolicies", "sample"}) words.require(word);
  definition.deletion_policies = words.texts("deletionPolicies");
  put_default_policy_first(words, definition);
  definition.holds_data = words.flag("holdsData");
  if (!words.has("variants")) read_behaviour(words, definition);
  add_common_fields(words, definition);
  read_variants(words, definition);
  if (complaints.none()) check_references(definition, complaints);
  return definition;
}

Result<Definition> parse(std::string_view yaml, std::string file, Role role) {
  Complaints complaints(file);
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    Definition definition = read_definition(root, std::move(file), role, complaints);
    if (complaints.none()) return definition;
  } catch (const YAML::Exception& error) {
    complaints.add(error.mark.line + 1, error.msg);
  }
  return fail(Code::kInvalid, complaints.text());
}

struct File {
  std::string name, text;
};

Result<std::vector<Definition>> parse_all(const std::vector<File>& files) {
  std::vector<Definition> out;
  std::string wrong;
  for (const File& file : files) {
    auto definition = parse_definition(file.text, file.name);
    if (!definition) {
      wrong += (wrong.empty() ? "" : "\n") + definition.error().message;
      continue;
    }
    const auto twin = std::ranges::find_if(out, [&](const Definition& other) {
      return other.kind == definition->kind || other.plural == definition->plural;
    });
    if (twin != out.end()) {
      wrong += fmt::format("{}{}:1: kind {} is also defined in {}", wrong.empty() ? "" : "\n",
                           file.name, definition->kind, twin->file);
    }
    out.push_back(std::move(*definition));
  }
  if (!wrong.empty()) return fail(Code::kInvalid, std::move(wrong));
  std::ranges::sort(out, {}, &Definition::kind);
  return out;
}

}  // namespace

Result<Definition> parse_definition(std::string_view yaml, std::string file) {
  return parse(yaml, std::move(file), Role::kResource);
}

Result<std::vector<Definition>> load_embedded() {
  std::vector<File> files;
  for (const EmbeddedFile& file : embedded_definitions()) {
    files.push_back({std::string(file.name), std::string(file.text)});
  }
  return parse_all(files);
}

Result<std::vector<Definition>> load_directory(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (auto it = std::filesystem::recursive_directory_iterator(path, error);
       !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().extension() == ".yaml") found.push_back(it->path());
  }
  if (error)
    return fail(Code::kInvalid, fmt::format("cannot read {}: {}", path.string(), error.message()));
  std::ranges::sort(found);
  std::vector<File> files;
  for (const auto& name : found) {
    std::ifstream stream(name);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream) return fail(Code::kInvalid, fmt::format("cannot read {}", name.string()));
    files.push_back({name.string(), text.str()});
  }
  return parse_all(files);
}

Result<Definition> load_provider() {
  const EmbeddedFile file = embedded_provider();
  return parse(file.text, std::string(file.name), Role::kProvider);
}

}  // namespace infra::definition
