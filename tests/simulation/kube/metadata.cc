#include "kube/metadata.h"

#include "kube/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace infra::sim {
namespace {

constexpr std::size_t kAnnotationLimit = 256 * 1024;

const Schema& metadata_schema() {
  static const Schema schema = [] {
    auto text = parse_json(R"({"type": "object", "properties": {
      "name": {"type": "string"}, "generateName": {"type": "string"},
      "namespace": {"type": "string"}, "uid": {"type": "string"},
      "resourceVersion": {"type": "string"}, "generation": {"type": "integer"},
      "creationTimestamp": {"type": "string", "format": "date-time", "nullable": true},
      "deletionTimestamp": {"type": "string", "format": "date-time", "nullable": true},
      "deletionGracePeriodSeconds": {"type": "integer", "nullable": true},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}},
      "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
      "finalizers": {"type": "array", "items": {"type": "string"}},
      "ownerReferences": {"type": "array", "items": {"type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"},
        "name": {"type": "string"}, "uid": {"type": "string"},
        "controller": {"type": "boolean"}, "blockOwnerDeletion": {"type": "boolean"}}}}}})");
    if (!text) throw std::runtime_error(text.error().message);
    return compile_schema(*text);
  }();
  return schema;
}

bool is_empty(const Json& value) {
  if (value.is_null()) return true;
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* array = value.if_array()) return array->empty();
  if (const auto* object = value.if_object()) return object->empty();
  if (const auto* number = value.if_int64()) return *number == 0;
  return false;
}

void drop_empty(JsonObject& object) {
  for (auto member = object.begin(); member != object.end();) {
    // Zero seconds of grace are said; a generation of zero is not.
    const bool said = member->key() == "deletionGracePeriodSeconds" && !member->value().is_null();
    member = is_empty(member->value()) && !said ? object.stable_erase(member) : std::next(member);
  }
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view text, std::size_t most) {
  if (text.empty() || text.size() > most) return false;
  if (!is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto end = text.find('.');
    if (!is_label(text.substr(0, end), 253)) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

// A name part of a label, annotation or finalizer; also a value of a label.
bool is_plain_name(std::string_view text) {
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  if (text.empty() || text.size() > 63 || !letter(text.front()) || !letter(text.back())) {
    return false;
  }
  return std::ranges::all_of(text,
                             [&](char c) { return letter(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_qualified(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return is_plain_name(text);
  return is_subdomain(text.substr(0, slash)) && is_plain_name(text.substr(slash + 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

constexpr std::string_view kQualified =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character";
constexpr std::string_view kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character";
constexpr std::string_view kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character";

void bad(std::string field, std::string_view value, std::string_view why, FieldErrors& errors) {
  errors.push_back({.field = std::move(field), .value = Json(value), .detail = std::string(why)});
}

void check_name(const Json& object, const Kind& kind, FieldErrors& errors) {
  const auto name = text_at(object, "metadata.name");
  if (name.empty()) {
    errors.push_back({.type = FieldError::Type::kRequired,
                      .field = "metadata.name",
                      .detail = "name or generateName is required"});
    return;
  }
  if (kind.any_name) return;
  if (kind.name_is_label && !is_label(name, 63)) bad("metadata.name", name, kLabel, errors);
  if (!kind.name_is_label && !is_subdomain(name)) bad("metadata.name", name, kSubdomain, errors);
}

template <class F>
void for_each_text(const Json& object, std::string_view path, F visit) {
  const Json* map = find_path(object, path);
  if (map == nullptr || !map->is_object()) return;
  for (const auto& member : map->get_object()) {
    visit(std::string_view(member.key()), std::string_view(member.value().as_string()));
  }
}

void check_labels(const Json& object, FieldErrors& errors) {
  for_each_text(object, "metadata.labels", [&](std::string_view key, std::string_view value) {
    if (!is_qualified(key)) bad("metadata.labels", key, kQualified, errors);
    if (!value.empty() && !is_plain_name(value)) bad("metadata.labels", value, kQualified, errors);
  });
}

void check_annotations(const Json& object, FieldErrors& errors) {
  std::size_t size = 0;
  for_each_text(object, "metadata.annotations", [&](std::string_view key, std::string_view value) {
    if (!is_qualified(lower(key))) bad("metadata.annotations", key, kQualified, errors);
    size += key.size() + value.size();
  });
  if (size <= kAnnotationLimit) return;
  errors.push_back({.type = FieldError::Type::kTooLong,
                    .field = "metadata.annotations",
                    .detail = fmt::format("may not be more than {} bytes", kAnnotationLimit)});
}

void check_owners(const Json& object, FieldErrors& errors) {
  const Json* owners = find_path(object, "metadata.ownerReferences");
  if (owners == nullptr) return;
  for (const Json& owner : owners->as_array()) {
    for (const auto* word : {"apiVersion", "kind", "name", "uid"}) {
      if (!text_at(owner, word).empty()) continue;
      bad(fmt::format("metadata.ownerReferences.{}", word), "",
          word == std::string_view("apiVersion") ? "version must not be empty"
                                                 : "must not be empty",
          errors);
    }
  }
}

void check_finalizers(const Json& object, FieldErrors& errors) {
  for (const auto& name : finalizers_of(object)) {
    if (!is_qualified(name)) bad("metadata.finalizers", name, kQualified, errors);
  }
}

void check_unchanged(const Json& object, const Json& old, const std::string& path,
                     FieldErrors& errors) {
  const Json* now = find_path(object, path);
  const Json* before = find_path(old, path);
  if (now == before || (now != nullptr && before != nullptr && same(*now, *before))) return;
  errors.push_back({.field = path,
                    .value = now == nullptr ? Json(nullptr) : *now,
                    .detail = "field is immutable"});
}

void check_no_new_finalizers(const Json& object, const Json& old, FieldErrors& errors) {
  const auto before = finalizers_of(old);
  std::string added;
  for (const auto& name : finalizers_of(object)) {
    if (std::ranges::find(before, name) != before.end()) continue;
    added += (added.empty() ? "" : ", ") + quoted(name);
  }
  if (added.empty()) return;
  errors.push_back({.type = FieldError::Type::kForbidden,
                    .field = "metadata.finalizers",
                    .detail = fmt::format("no new finalizers can be added if the object is being "
                                          "deleted, found new finalizers []string{{{}}}",
                                          added)});
}

}  // namespace

std::string shape_metadata(Json& object) {
  Json& metadata = object.as_object()["metadata"];
  if (metadata.is_null()) metadata = JsonObject{};
  FieldErrors errors;
  prune(metadata, metadata_schema(), false);
  drop_nulls(metadata, metadata_schema());
  check(metadata, metadata_schema(), "metadata", errors);
  if (!errors.empty()) return errors.front().field + ": " + errors.front().message();
  drop_empty(metadata.get_object());
  return {};
}

JsonObject& metadata_of(Json& object) { return object.as_object()["metadata"].as_object(); }

std::vector<std::string> finalizers_of(const Json& object) {
  std::vector<std::string> out;
  const Json* list = find_path(object, "metadata.finalizers");
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& one : list->get_array()) out.emplace_back(one.as_string());
  return out;
}

bool is_deleting(const Json& object) {
  return find_path(object, "metadata.deletionTimestamp") != nullptr;
}

void keep_system_fields(Json& object, const Json& old) {
  JsonObject& metadata = metadata_of(object);
  const auto keep = [&](const char* name, bool even_if_given) {
    const Json* before = find_path(old, std::string("metadata.") + name);
    if (before != nullptr && (even_if_given || !metadata.contains(name))) metadata[name] = *before;
  };
  keep("generation", true);
  keep("creationTimestamp", true);
  keep("deletionTimestamp", true);
  keep("deletionGracePeriodSeconds", false);
  keep("uid", false);
  if (find_path(old, "metadata.generation") == nullptr) metadata.erase("generation");
}

void check_metadata(const Json& object, const Kind& kind, FieldErrors& errors) {
  check_name(object, kind, errors);
  check_labels(object, errors);
  check_annotations(object, errors);
  check_owners(object, errors);
  check_finalizers(object, errors);
}

void check_metadata_update(const Json& object, const Json& old, FieldErrors& errors) {
  if (is_deleting(old)) check_no_new_finalizers(object, old, errors);
  check_unchanged(object, old, "metadata.name", errors);
  check_unchanged(object, old, "metadata.namespace", errors);
  check_unchanged(object, old, "metadata.uid", errors);
  check_unchanged(object, old, "metadata.deletionTimestamp", errors);
  check_unchanged(object, old, "metadata.deletionGracePeriodSeconds", errors);
}

}  // namespace infra::sim
