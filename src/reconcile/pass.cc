#include "reconcile/pass.h"

#include <algorithm>
#include <cctype>

#include "planning/form.h"
#include "planning/path.h"

namespace infra::reconcile {
namespace {

std::optional<Json> tags_as_aws(const definition::Definition& definition,
                                const planning::TagMap& tags) {
  if (!definition.tags || tags.empty()) return std::nullopt;
  if (definition.tags->shape == definition::Tags::Shape::kMap) {
    JsonObject out;
    for (const auto& [key, value] : tags) out[key] = value;
    return out;
  }
  JsonArray out;
  for (const auto& [key, value] : tags) {
    out.push_back(JsonObject{{definition.tags->key, key}, {definition.tags->value, value}});
  }
  return out;
}

std::optional<Json> keys_as_aws(const std::vector<std::string>& keys, bool as_tags) {
  JsonArray out;
  for (const auto& key : keys) {
    out.push_back(as_tags ? Json(JsonObject{{"Key", key}}) : Json(key));
  }
  return out;
}

std::optional<Json> if_not_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return Json(text);
}

// The value below `value` along a path such as "policyDocument" or "[0].name", spelled for AWS.
// A member of which each value makes an item stands for that one value.
std::optional<Json> rendered(const definition::Field& field, const Json& value,
                             std::string_view path) {
  const bool one_of_many = field.type == definition::Type::kArray && !value.is_array();
  if (one_of_many) return rendered(field.fields.front(), value, path);
  if (path.empty()) return planning::to_aws(field, value);
  const auto end = path.find_first_of(".[", 1);
  const auto step = path.substr(0, end);
  const auto rest = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  if (step.front() == '[') {
    const auto item = planning::read_path(JsonObject{{"list", value}}, "list" + std::string(step));
    if (!item) return std::nullopt;
    return rendered(field.fields.front(), *item, rest);
  }
  const auto name = step.substr(1);  // after the dot
  const auto member = std::ranges::find(field.fields, name, &definition::Field::name);
  const Json* inner = find_path(value, name);
  if (member == field.fields.end() || inner == nullptr) return std::nullopt;
  if (planning::is_off(*member, value)) return std::nullopt;
  return rendered(*member, *inner, rest);
}

// "inlinePolicy.policyDocument": the field along the path, rendered at its end.
std::optional<Json> declared(const definition::Definition& definition, const Json& spec,
                             std::string_view path) {
  const auto end = path.find_first_of(".[");
  const definition::Field* field = definition.field(path.substr(0, end));
  const Json* value = find_path(spec, path.substr(0, end));
  if (field == nullptr || value == nullptr || planning::is_off(*field, spec)) return std::nullopt;
  return rendered(*field, *value, end == std::string_view::npos ? "" : path.substr(end));
}

// A status field, as AWS shows it now if it comes from there.
std::optional<Json> from_status(const Engine::Pass& pass, std::string_view name) {
  for (const auto& status : pass.definition.status) {
    const Json* source = status.field.name == name ? source_of(pass, status) : nullptr;
    if (source == nullptr || status.from.empty()) continue;
    auto value = planning::read_path(*source, status.from);
    if (value || (pass.observed.present && !status.lasting)) return value;
  }
  return if_not_empty(text_at(pass.object.status(), name));
}

}  // namespace

const Json* source_of(const Engine::Pass& pass, const definition::StatusField& field) {
  if (field.in.empty()) return &pass.observed.resource;
  const auto found = pass.observed.facets.find(field.in);
  return found == pass.observed.facets.end() ? nullptr : &found->second;
}

std::optional<Json> Engine::Pass::lookup(std::string_view name) const {
  if (name == "id") return if_not_empty(id);
  if (name == "uid") return Json(desired.uid);
  if (name == "ownerTag") return Json(planning::owner_tag());
  if (name == "token") return if_not_empty(text_at(object.status(), "creation.token"));
  if (name == "createToken") {
    // Another one only once a create was answered: until then it is the same create.
    const std::string renewed = text_at(object.status(), "creation.renewed");
    return Json(planning::digest(desired.uid, Json(object.annotation("external-id") + renewed)));
  }
  if (name == "item" || name.starts_with("item.")) {
    if (item_field == nullptr) return name == "item" ? std::optional(item) : std::nullopt;
    return rendered(*item_field, item, name.substr(4));
  }
  if (name.starts_with("found.")) return planning::read_path(found, name.substr(6));
  const Location& location = cloud.location();
  if (name == "region") return Json(location.region);
  if (name == "accountID") return if_not_empty(location.account_id);
  if (name == "partition") return Json(location.partition);
  if (name == "bucketRegion") {
    return location.region == "us-east-1" ? std::nullopt : if_not_empty(location.region);
  }
  if (name == "tags") return tags_as_aws(definition, tags_to_set);
  if (name == "tagKeys") return keys_as_aws(tags_to_remove, false);
  if (name == "tagKeysAsTags") return keys_as_aws(tags_to_remove, true);
  if (name.starts_with("status.")) return from_status(*this, name.substr(7));
  return declared(definition, desired.spec, name);
}

namespace {

// By how much more of it spec wants than AWS shows.
std::int64_t wanted_beside_shown(const Engine::Pass& pass, const std::string& number) {
  const auto* field = pass.definition.field(number);
  const Json* wanted = find_path(pass.desired.spec, number);
  const Json shown = planning::as_in_aws(pass.definition, *field, pass.observed);
  const bool known = wanted != nullptr && wanted->is_int64() && shown.is_int64();
  return known ? wanted->get_int64() - shown.get_int64() : 0;
}

}  // namespace

bool applies(const Engine::Pass& pass, const definition::Call& call) {
  const Json& spec = pass.desired.spec;
  if (!definition::holds(call.condition, spec)) return false;
  if (!call.if_more.empty() && wanted_beside_shown(pass, call.if_more) <= 0) return false;
  if (!call.if_fewer.empty() && wanted_beside_shown(pass, call.if_fewer) >= 0) return false;
  if (call.needs.empty()) return true;
  const bool looked_up = call.needs.starts_with("status.") || call.needs.starts_with("item.");
  return looked_up ? pass.lookup(call.needs).has_value() : find_path(spec, call.needs) != nullptr;
}

std::vector<std::string> with_names(std::vector<std::string> noted,
                                    const std::vector<std::string>& more) {
  for (const auto& name : more) {
    if (std::ranges::find(noted, name) == noted.end()) noted.push_back(name);
  }
  std::ranges::sort(noted);
  return noted;
}

void note_writing(Engine::Pass& pass, const definition::StatusField& field) {
  const std::string value = text_at(pass.desired.spec, field.written);
  JsonArray all;
  for (auto& one : planning::texts_at(pass.object.status(), field.field.name)) {
    if (one != value) all.emplace_back(std::move(one));
  }
  all.emplace_back(value);
  pass.notes[field.field.name] = std::move(all);
}

void note_assigned_id(const Engine::Pass& pass, Json& status) {
  const std::string& field = pass.definition.identity.status;
  if (!field.empty()) set_path(status, field, Json(pass.id));
}

void note_written(Engine::Pass& pass, const definition::StatusField& field) {
  if (field.hash.empty()) {
    pass.notes[field.field.name] = JsonArray{Json(text_at(pass.desired.spec, field.written))};
    return;
  }
  const Json* value = find_path(pass.desired.spec, field.hash);
  if (value == nullptr) return;
  pass.notes[field.field.name] = Json(planning::digest(pass.desired.uid, *value));
}

bool surely_shown(const definition::Definition& definition, const std::string& when, WallTime now) {
  constexpr std::chrono::hours kClocksDiffer{1};  // of two machines, at most
  const auto window = std::chrono::seconds(definition.identity.visible_after_seconds);
  return now - parse_rfc3339(when) > window + kClocksDiffer;
}

std::string group_key(std::string_view name) {
  return std::string(planning::kGroup) + "/" + std::string(name);
}

Outcome failed_outcome(const Error& error) {
  switch (error.code) {
    case Code::kInvalid: return Blocked{.reason = "Refused", .message = error.message};
    case Code::kAlreadyExists: return Blocked{.reason = "NameTaken", .message = error.message};
    case Code::kConflict:
      return Waiting{.reason = "Conflict", .message = error.message, .after = Duration{0}};
    case Code::kThrottled:
      if (!error.retry_after) return Failed{.error = error};
      return Waiting{.reason = std::string(to_string(error.code)),
                     .message = error.message,
                     .after = *error.retry_after};
    default: return Failed{.error = error};
  }
}

Outcome waiting_or_failed(const Error& error) {
  const bool later = error.code == Code::kConflict && error.remote_code.starts_with("Confirming");
  if (!later) return failed_outcome(error);
  return Waiting{.reason = error.remote_code, .message = error.message, .after = kRecheck};
}

}  // namespace infra::reconcile
