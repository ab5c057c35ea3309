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

// "inlinePolicy.policyDocument": the field along the path, rendered at its end.
std::optional<Json> declared(const definition::Definition& definition, const Json& spec,
                             std::string_view path) {
  const auto dot = path.find('.');
  const definition::Field* field = definition.field(path.substr(0, dot));
  const Json* value = find_path(spec, path.substr(0, dot));
  while (field != nullptr && value != nullptr && path.find('.') != std::string_view::npos) {
    path = path.substr(path.find('.') + 1);
    const auto head = path.substr(0, path.find('.'));
    const auto member = std::ranges::find_if(
        field->fields, [head](const definition::Field& f) { return f.name == head; });
    field = member == field->fields.end() ? nullptr : &*member;
    value = find_path(*value, head);
  }
  if (field == nullptr || value == nullptr) return std::nullopt;
  return planning::to_aws(*field, *value);
}

}  // namespace

std::optional<Json> Engine::Pass::lookup(std::string_view name) const {
  if (name == "id") return if_not_empty(id);
  if (name == "uid") return Json(desired.uid);
  if (name == "ownerTag") return Json(planning::owner_tag());
  if (name == "token") return if_not_empty(text_at(object.status(), "creation.token"));
  if (name == "item") return Json(item);
  if (name == "region") return Json(cloud.region());
  if (name == "accountID") return if_not_empty(cloud.account_id());
  if (name == "bucketRegion") {
    return cloud.region() == "us-east-1" ? std::nullopt : if_not_empty(cloud.region());
  }
  if (name == "tags") return tags_as_aws(definition, tags_to_set);
  if (name == "tagKeys") return keys_as_aws(tags_to_remove, false);
  if (name == "tagKeysAsTags") return keys_as_aws(tags_to_remove, true);
  if (name.starts_with("status.")) {
    name.remove_prefix(7);
    for (const auto& status : definition.status) {
      if (status.field.name != name || status.from.empty()) continue;
      if (auto value = planning::read_path(resource, status.from)) return value;
    }
    return if_not_empty(text_at(object.status(), name));
  }
  return declared(definition, desired.spec, name);
}

std::vector<std::string> declared_items(const definition::ChildSet& set, const Json& spec) {
  return planning::texts_at(spec, set.field);
}

std::vector<std::string> noted_items(const definition::ChildSet& set, const Json& status) {
  return set.noted.empty() ? std::vector<std::string>{} : planning::texts_at(status, set.noted);
}

bool applies(const Engine::Pass& pass, const definition::Call& call) {
  const Json& spec = pass.desired.spec;
  const auto holds = [&spec](const auto& condition) {
    const Json* value = find_path(spec, condition.first);
    return value != nullptr && same(*value, condition.second);
  };
  if (!std::ranges::all_of(call.when, holds)) return false;
  if (!call.unless.empty() && std::ranges::all_of(call.unless, holds)) return false;
  if (call.needs.starts_with("status.") && !pass.lookup(call.needs)) return false;
  return call.needs.empty() || call.needs.starts_with("status.") ||
         find_path(spec, call.needs) != nullptr;
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
    default: return Failed{.error = error};
  }
}

Outcome waiting_or_failed(const Error& error) {
  const bool later = error.code == Code::kConflict && error.remote_code.starts_with("Confirming");
  if (!later) return failed_outcome(error);
  return Waiting{.reason = error.remote_code, .message = error.message, .after = kRecheck};
}

}  // namespace infra::reconcile
