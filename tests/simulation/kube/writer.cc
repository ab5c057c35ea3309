#include "kube/writer.h"

#include <fmt/format.h>

#include "kube/metadata.h"
#include "kube/object_checks.h"
#include "kube/patching.h"
#include "kube/request.h"

namespace infra::sim {
namespace {

constexpr int kNameAttempts = 8;
constexpr std::size_t kLongestPrefix = 58;  // leaves five characters of a name of 63

// An error of a built-in type stands before any check: such an object cannot even be read.
Refused unreadable(const Kind& kind, const std::string& why, bool from_patch) {
  if (from_patch) return invalid_patch(why);
  return bad_request(fmt::format("{} in version {} cannot be handled as a {}: {}", kind.name,
                                 quoted(kind.version), kind.name, why));
}

void take_over(Json& object, const Json& old, const char* word) {
  const Json* before = find_path(old, word);
  if (before != nullptr) {
    object.as_object()[word] = *before;
  } else {
    object.as_object().erase(word);
  }
}

// Everything but metadata.
bool same_content(const Json& a, const Json& b) {
  const auto covered = [](const JsonObject& one, const JsonObject& other) {
    for (const auto& member : one) {
      if (member.key() == "metadata") continue;
      const Json* counterpart = other.if_contains(member.key());
      if (counterpart == nullptr || !same(member.value(), *counterpart)) return false;
    }
    return true;
  };
  return covered(a.as_object(), b.as_object()) && covered(b.as_object(), a.as_object());
}

}  // namespace

// What a body says, without what the server does not know and with defaults.
Answer<Json> Writer::read(const Place& place, Json object, const WriteOptions& options,
                          bool from_patch) const {
  const Kind& kind = place.kind;
  if (!object.is_object()) return unreadable(kind, "it is no JSON object", from_patch);
  JsonObject& members = object.get_object();
  // The path says what a built-in object is; a custom one has to say it itself.
  if (!kind.custom && !members.contains("kind")) members["kind"] = kind.name;
  if (!kind.custom && !members.contains("apiVersion")) members["apiVersion"] = kind.api_version();
  const auto name = text_at(object, "kind");
  const auto version = text_at(object, "apiVersion");
  if (from_patch && (name.empty() || version.empty())) {
    return Refused({.code = 500,
                    .reason = "InternalError",
                    .message = "Internal error occurred: the patched object has no kind",
                    .details = {{"causes", JsonArray{JsonObject{{"message", "no kind"}}}}}});
  }
  if (name.empty()) return bad_request("Object 'Kind' is missing in the request");
  if (kind.custom && version == kind.api_version() && name != kind.name) {
    Kind other = kind;
    other.name = name;
    return invalid(other, text_at(object, "metadata.name"),
                   {{.field = "kind", .value = Json(name), .detail = "must be " + kind.name}});
  }
  if (name != kind.name || version != kind.api_version()) {
    return bad_request(
        fmt::format("{} in version {} cannot be handled as a {}: it is of another kind or version",
                    name, quoted(version), kind.name));
  }
  if (auto why = shape_metadata(object); !why.empty()) return unreadable(kind, why, from_patch);
  UnknownFields unknown;
  prune(object, kind.schema, true, options.strict ? &unknown : nullptr);
  drop_nulls(object, kind.schema);
  if (!unknown.empty()) {
    return unreadable(kind, fmt::format("strict decoding error: {}", fmt::join(unknown, ", ")),
                      from_patch);
  }
  apply_defaults(object, kind.schema);
  if (kind.custom) return object;
  FieldErrors errors;
  check(object, kind.schema, "", errors);
  if (!errors.empty()) {
    return unreadable(kind, errors.front().field + ": " + errors.front().message(), from_patch);
  }
  return object;
}

// The name and the namespace of the path are those of the object.
Answer<void> Writer::check_place(const Place& place, Json& object) const {
  JsonObject& metadata = metadata_of(object);
  const auto ns = text_at(object, "metadata.namespace");
  if (ns.empty() && !place.ns.empty()) metadata["namespace"] = place.ns;
  if (!ns.empty() && ns != place.ns) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  const auto name = text_at(object, "metadata.name");
  if (place.name.empty() || name == place.name) return {};
  if (name.empty()) return bad_request("name must be provided");
  return bad_request(
      fmt::format("the name of the object ({}) does not match the name on the URL "
                  "({})",
                  name, place.name));
}

// Whether the namespace takes new objects.
Answer<void> Writer::admit(const Place& place, const Json& object) const {
  if (!place.kind.namespaced) return {};
  Collection& namespaces = *store_.find_kind("Namespace");
  const auto found = namespaces.objects.find(place.ns);
  if (found == namespaces.objects.end()) return not_found(*namespaces.kind, place.ns);
  if (!is_deleting(found->second->object())) return {};
  auto refused = forbidden(place.kind, text_at(object, "metadata.name"),
                           fmt::format("unable to create new content in namespace {} because it "
                                       "is being terminated",
                                       place.ns));
  refused.error().details["causes"] =
      JsonArray{JsonObject{{"reason", "NamespaceTerminating"},
                           {"message", fmt::format("namespace {} is being terminated", place.ns)},
                           {"field", "metadata.namespace"}}};
  return refused;
}

Answer<Written> Writer::create(Collection& collection, const std::string& ns, Json object,
                               const Author& author, const WriteOptions& options) {
  const std::string any_name;
  const Place place{collection, *collection.kind, ns, any_name};
  auto read_object = read(place, std::move(object), options, false);
  if (!read_object) return std::unexpected(read_object.error());
  if (auto placed = check_place(place, *read_object); !placed) {
    return std::unexpected(placed.error());
  }
  return insert(place, std::move(*read_object), author);
}

Answer<Written> Writer::insert(const Place& place, Json object, const Author& author) {
  JsonObject& metadata = metadata_of(object);
  if (metadata.contains("resourceVersion")) {
    return failure("resourceVersion should not be set on objects to be created");
  }
  for (const char* word : {"deletionTimestamp", "deletionGracePeriodSeconds", "generation"}) {
    metadata.erase(word);
  }
  give_name(place, object);
  if (auto admitted = admit(place, object); !admitted) return std::unexpected(admitted.error());
  metadata["uid"] = new_uid();
  metadata["creationTimestamp"] = format_rfc3339(timeline_.wall());
  if (place.kind.counts_generations) metadata["generation"] = 1;
  if (place.kind.has_status) object.as_object().erase("status");
  if (place.kind.fill != nullptr) place.kind.fill(object);
  const auto name = text_at(object, "metadata.name");
  const auto errors = all_errors(object, nullptr, place.kind);
  if (!errors.empty()) return invalid(place.kind, name, errors);
  const auto key = key_of(place.ns, name);
  if (const auto same = place.collection.objects.find(key);
      same != place.collection.objects.end()) {
    auto refused = already_exists(place.kind, name);
    if (is_deleting(same->second->object())) {
      refused.error().message = "object is being deleted: " + refused.error().message;
    }
    return refused;
  }
  return Written{.status = 201, .version = put(place.collection, key, std::move(object), author)};
}

void Writer::give_name(const Place& place, Json& object) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  const auto prefix = text_at(object, "metadata.generateName");
  if (prefix.empty() || !text_at(object, "metadata.name").empty()) return;
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    std::string name = prefix.substr(0, kLongestPrefix);
    for (int i = 0; i < 5; ++i) {
      name += kLetters[std::size_t(random_.between(0, std::int64_t(kLetters.size()) - 1))];
    }
    metadata_of(object)["name"] = name;
    if (!place.collection.objects.contains(key_of(place.ns, name))) return;
  }
}

std::string Writer::new_uid() {
  const auto high = random_.next();
  const auto low = random_.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & 0xffffffffffff);
}

Answer<Written> Writer::replace(Collection& collection, const std::string& ns,
                                const std::string& name, Json object, const Author& author,
                                const WriteOptions& options) {
  const Place place{collection, *collection.kind, ns, name};
  auto read_object = read(place, std::move(object), options, false);
  if (!read_object) return std::unexpected(read_object.error());
  if (auto placed = check_place(place, *read_object); !placed) {
    return std::unexpected(placed.error());
  }
  const auto found = collection.objects.find(key_of(ns, name));
  if (found == collection.objects.end()) {
    if (!place.kind.created_by_update) return not_found(place.kind, name);
    return insert(place, std::move(*read_object), author);
  }
  const auto uid = text_at(*read_object, "metadata.uid");
  const auto actual = text_at(found->second->object(), "metadata.uid");
  if (!uid.empty() && uid != actual) {
    return conflict(place.kind, name,
                    fmt::format("Precondition failed: UID in precondition: {}, UID in object "
                                "meta: {}",
                                uid, actual));
  }
  return update(place, found->second, std::move(*read_object), author);
}

Answer<Written> Writer::patch(Collection& collection, const std::string& ns,
                              const std::string& name, const std::string& content_type,
                              const Json& body, const Author& author, const WriteOptions& options) {
  const Place place{collection, *collection.kind, ns, name};
  const auto found = collection.objects.find(key_of(ns, name));
  if (found == collection.objects.end()) return not_found(place.kind, name);
  Answer<Json> patched = found->second->object();
  if (content_type == "application/merge-patch+json") {
    if (!body.is_object()) return bad_request("error decoding patch: it is no JSON object");
    merge(*patched, body);
  } else if (content_type == "application/json-patch+json") {
    patched = apply_json_patch(std::move(*patched), body);
    if (!patched) return std::unexpected(patched.error());
  } else {
    return unsupported_type(content_type);
  }
  auto read_object = read(place, std::move(*patched), options, true);
  if (!read_object) return std::unexpected(read_object.error());
  if (auto placed = check_place(place, *read_object); !placed) {
    return std::unexpected(placed.error());
  }
  return update(place, found->second, std::move(*read_object), author);
}

Answer<void> Writer::check_version(const Place& place, const Version& old, Json& object) const {
  const auto given = text_at(object, "metadata.resourceVersion");
  const auto number = whole_number(given);
  if (given.empty() || (number && *number == 0)) {
    if (!place.kind.updates_without_version) {
      Kind named = place.kind;  // the server names the resource here instead of the kind
      named.name = place.kind.plural;
      return invalid(named, place.name,
                     {{.field = "metadata.resourceVersion",
                       .value = Json(0),
                       .detail = "must be specified for an update"}});
    }
    metadata_of(object)["resourceVersion"] = std::to_string(old.number());
    return {};
  }
  if (!number) return unreadable_version(given);
  if (*number == old.number()) return {};
  return conflict(place.kind, place.name,
                  "the object has been modified; please apply your changes to the latest version "
                  "and try again");
}

Answer<Written> Writer::update(const Place& place, VersionPointer old, Json object,
                               const Author& author) {
  const Kind& kind = place.kind;
  const Json& before = old->object();
  if (auto right = check_version(place, *old, object); !right) {
    return std::unexpected(right.error());
  }
  if (author.subresource == "status") {
    // Nothing but the status is taken; whatever else the request says is not even looked at.
    Json whole = before;
    take_over(whole, object, "status");
    object = std::move(whole);
  } else {
    if (kind.has_status) take_over(object, before, "status");
    keep_system_fields(object, before);
    if (kind.fill != nullptr) kind.fill(object);
    if (kind.counts_generations && !same_content(object, before)) {
      metadata_of(object)["generation"] = find_path(before, "metadata.generation")->as_int64() + 1;
    }
  }
  const auto errors = all_errors(object, &before, kind);
  if (!errors.empty()) return invalid(kind, place.name, errors);
  const auto key = key_of(place.ns, place.name);
  if (is_deleting(before) && finalizers_of(object).empty() && kind.name != "Namespace") {
    erase(place.collection, key, author);
    return Written{.other = std::move(object)};
  }
  if (same(object, before)) return Written{.version = old};
  return Written{.version = put(place.collection, key, std::move(object), author)};
}

Answer<Written> Writer::remove(Collection& collection, const std::string& ns,
                               const std::string& name, const DeleteOptions& options,
                               const Author& author) {
  const Place place{collection, *collection.kind, ns, name};
  const auto found = collection.objects.find(key_of(ns, name));
  if (found == collection.objects.end()) return not_found(place.kind, name);
  const VersionPointer old = found->second;
  const auto uid = text_at(old->object(), "metadata.uid");
  Kind named = place.kind;  // the server names the kind here instead of the resource
  named.plural = named.name;
  if (!options.uid.empty() && options.uid != uid) {
    return conflict(named, name,
                    fmt::format("the UID in the precondition ({}) does not match the UID in "
                                "record ({}). The object might have been deleted and then "
                                "recreated",
                                options.uid, uid));
  }
  if (!options.version.empty() && options.version != std::to_string(old->number())) {
    return conflict(named, name,
                    fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                                "ResourceVersion in record ({}). The object might have been "
                                "modified",
                                options.version, old->number()));
  }
  if (!finalizers_of(old->object()).empty() || place.kind.name == "Namespace") {
    return begin_deletion(place, old, author);
  }
  erase(collection, key_of(ns, name), author);
  return Written{.other = deleted(place.kind, name, uid)};
}

Answer<Written> Writer::begin_deletion(const Place& place, const VersionPointer& old,
                                       const Author& author) {
  if (is_deleting(old->object())) return Written{.version = old};
  Json object = old->object();
  JsonObject& metadata = metadata_of(object);
  metadata["deletionTimestamp"] = format_rfc3339(timeline_.wall());
  if (place.kind.name == "Namespace") {
    set_path(object, "status.phase", "Terminating");
  } else {
    metadata["deletionGracePeriodSeconds"] = 0;
  }
  const Json* generation = find_path(object, "metadata.generation");
  if (generation != nullptr) metadata["generation"] = generation->as_int64() + 1;
  const auto key = key_of(place.ns, place.name);
  return Written{.version = put(place.collection, key, std::move(object), author)};
}

VersionPointer Writer::put(Collection& collection, const std::string& key, Json object,
                           const Author& author) {
  // A copy: whoever is told may write in turn.
  const Change change = store_.put(collection, key, std::move(object));
  if (on_change) on_change(collection, change, author);
  return change.after;
}

void Writer::erase(Collection& collection, const std::string& key, const Author& author) {
  const Change change = store_.erase(collection, key);
  if (on_change) on_change(collection, change, author);
}

}  // namespace infra::sim
