#include "kube/built_in.h"

#include <algorithm>
#include <stdexcept>

#include "base/base64.h"

namespace infra::sim {
namespace {

Schema schema_of(std::string_view properties) {
  auto text = parse_json(R"({"type": "object", "properties": {)" + std::string(properties) + "}}");
  if (!text) throw std::runtime_error(text.error().message);
  return compile_schema(*text);
}

std::shared_ptr<Kind> core_kind(std::string name, std::string plural, std::string_view properties) {
  auto kind = std::make_shared<Kind>();
  kind->version = "v1";
  kind->list_name = name + "List";
  kind->name = std::move(name);
  kind->plural = std::move(plural);
  kind->schema = schema_of(properties);
  return kind;
}

void fill_namespace(Json& object) {
  set_path(object, "spec.finalizers", JsonArray{"kubernetes"});
  if (find_path(object, "status.phase") == nullptr) set_path(object, "status.phase", "Active");
  Json& metadata = object.as_object()["metadata"];
  if (!metadata.is_object()) metadata = JsonObject{};
  Json& labels = metadata.as_object()["labels"];
  if (!labels.is_object()) labels = JsonObject{};
  labels.as_object()["kubernetes.io/metadata.name"] = text_at(object, "metadata.name");
}

void fill_secret(Json& object) {
  if (text_at(object, "type").empty()) set_path(object, "type", "Opaque");
  auto* plain = object.as_object().if_contains("stringData");
  if (plain == nullptr) return;
  if (plain->is_object() && !plain->get_object().empty()) {
    const JsonObject values = plain->get_object();
    Json& data = object.as_object()["data"];
    if (!data.is_object()) data = JsonObject{};
    for (const auto& member : values) {
      if (member.value().is_string()) {
        data.as_object()[member.key()] = base64_encode(member.value().get_string());
      }
    }
  }
  object.as_object().erase("stringData");
}

bool is_key_of_secret(std::string_view key) {
  const bool known = std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  return known && !key.empty() && key.size() <= 253 && key != "." && !key.starts_with("..");
}

void check_secret(const Json& object, const Json* old, FieldErrors& errors) {
  if (old != nullptr && text_at(object, "type") != text_at(*old, "type")) {
    errors.push_back(
        {.field = "type", .value = Json(text_at(object, "type")), .detail = "field is immutable"});
  }
  const Json* data = find_path(object, "data");
  if (data == nullptr || !data->is_object()) return;
  for (const auto& member : data->get_object()) {
    if (is_key_of_secret(member.key())) continue;
    errors.push_back({.field = "data[" + std::string(member.key()) + "]",
                      .value = Json(member.key()),
                      .detail = "a valid config key must consist of alphanumeric characters, '-', "
                                "'_' or '.'"});
  }
}

// These are written even where they are empty.
void fill_event(Json& object) {
  JsonObject& members = object.as_object();
  for (const char* word : {"eventTime", "firstTimestamp", "lastTimestamp"}) {
    members.emplace(word, nullptr);
  }
  for (const char* word : {"reportingComponent", "reportingInstance"}) {
    members.emplace(word, "");
  }
  members.emplace("source", JsonObject{});
  members.emplace("involvedObject", JsonObject{});
}

void check_event(const Json& object, const Json*, FieldErrors& errors) {
  const auto about = text_at(object, "involvedObject.namespace");
  const auto ns = text_at(object, "metadata.namespace");
  if (about.empty() ? ns.empty() || ns == "default" : ns == about) return;
  errors.push_back({.field = "involvedObject.namespace",
                    .value = Json(about),
                    .detail = "does not match event.namespace"});
}

std::int64_t number_at(const Json& object, std::string_view path, std::int64_t otherwise) {
  const Json* found = find_path(object, path);
  return found != nullptr && found->is_int64() ? found->get_int64() : otherwise;
}

void check_lease(const Json& object, const Json*, FieldErrors& errors) {
  const auto duration = number_at(object, "spec.leaseDurationSeconds", 1);
  if (duration <= 0) {
    errors.push_back({.field = "spec.leaseDurationSeconds",
                      .value = Json(duration),
                      .detail = "must be greater than 0"});
  }
  const auto transitions = number_at(object, "spec.leaseTransitions", 0);
  if (transitions < 0) {
    errors.push_back({.field = "spec.leaseTransitions",
                      .value = Json(transitions),
                      .detail = "must be greater than or equal to 0"});
  }
}

constexpr std::string_view kReference = R"({"type": "object", "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"},
    "namespace": {"type": "string"}, "uid": {"type": "string"},
    "resourceVersion": {"type": "string"}, "fieldPath": {"type": "string"}}})";

constexpr std::string_view kSource = R"({"type": "object", "properties": {
    "component": {"type": "string"}, "host": {"type": "string"}}})";

constexpr std::string_view kTexts = R"({"type": "object", "additionalProperties": {
    "type": "string"}})";

}  // namespace

KindPointer namespace_kind() {
  auto kind = core_kind("Namespace", "namespaces", R"(
      "spec": {"type": "object", "properties": {
        "finalizers": {"type": "array", "items": {"type": "string"}}}},
      "status": {"type": "object", "properties": {"phase": {"type": "string"}}})");
  kind->namespaced = false;
  kind->has_status = true;
  kind->updates_without_version = true;
  kind->name_is_label = true;
  kind->fields = {"status.phase"};
  kind->fill = fill_namespace;
  return kind;
}

KindPointer secret_kind() {
  auto kind = core_kind("Secret", "secrets", R"(
      "type": {"type": "string"}, "immutable": {"type": "boolean"},
      "data": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
      "stringData": )" + std::string(kTexts));
  kind->updates_without_version = true;
  kind->fields = {"type"};
  kind->fill = fill_secret;
  kind->check = check_secret;
  return kind;
}

KindPointer event_kind() {
  auto kind = core_kind("Event", "events",
                        R"(
      "reason": {"type": "string"}, "message": {"type": "string"}, "type": {"type": "string"},
      "action": {"type": "string"}, "count": {"type": "integer", "format": "int32"},
      "reportingComponent": {"type": "string"}, "reportingInstance": {"type": "string"},
      "firstTimestamp": {"type": "string", "format": "date-time", "nullable": true},
      "lastTimestamp": {"type": "string", "format": "date-time", "nullable": true},
      "eventTime": {"type": "string", "format": "micro-time", "nullable": true},
      "source": )" + std::string(kSource) +
                            R"(, "related": )" + std::string(kReference) +
                            R"(, "involvedObject": )" + std::string(kReference));
  kind->updates_without_version = true;
  kind->created_by_update = true;
  kind->any_name = true;
  kind->fields = {"involvedObject.kind",       "involvedObject.namespace",
                  "involvedObject.name",       "involvedObject.uid",
                  "involvedObject.apiVersion", "reason",
                  "reportingComponent",        "type"};
  kind->fill = fill_event;
  kind->check = check_event;
  return kind;
}

KindPointer lease_kind() {
  auto kind = core_kind("Lease", "leases", R"(
      "spec": {"type": "object", "properties": {
        "holderIdentity": {"type": "string"},
        "leaseDurationSeconds": {"type": "integer", "format": "int32"},
        "leaseTransitions": {"type": "integer", "format": "int32"},
        "acquireTime": {"type": "string", "format": "micro-time"},
        "renewTime": {"type": "string", "format": "micro-time"}}})");
  kind->group = "coordination.k8s.io";
  kind->created_by_update = true;
  kind->check = check_lease;
  return kind;
}

}  // namespace infra::sim
