// Report: the one funnel from an outcome to status and conditions. Nothing is written when nothing
// has changed, so a second pass over a settled object leaves it untouched.
#include "planning/form.h"
#include "planning/path.h"
#include "planning/template.h"
#include "reconcile/conditions.h"
#include "reconcile/pass.h"
#include "reconcile/tag_keys.h"

namespace infra::reconcile {
namespace {

// Ready and Synced, in this order.
std::vector<Condition> conditions_of(const Outcome& outcome, bool deleting, bool seen) {
  if (std::holds_alternative<Settled>(outcome)) {
    return {{"Ready", "True", "Available", "The resource is as declared"},
            {"Synced", "True", "InSync", "Spec and AWS agree"}};
  }
  if (const auto* waiting = std::get_if<Waiting>(&outcome)) {
    return {{"Ready", "False", deleting ? "Deleting" : waiting->reason, waiting->message},
            {"Synced", "True", waiting->reason, waiting->message}};
  }
  if (const auto* blocked = std::get_if<Blocked>(&outcome)) {
    return {{"Ready", "False", blocked->reason, blocked->message},
            {"Synced", "False", blocked->reason, blocked->message}};
  }
  const Error& error = std::get<Failed>(outcome).error;
  const std::string reason(to_string(error.code));
  return {{"Ready", seen ? "False" : "Unknown", reason, error.message},
          {"Synced", "False", reason, error.message}};
}

// What AWS shows for a status field, or what its template says.
std::optional<Json> shown(const Engine::Pass& pass, const definition::StatusField& field) {
  const bool filled = !field.text.empty() || field.from.starts_with("${");
  if (filled) {
    const auto lookup = [&pass](std::string_view name) { return pass.lookup(name); };
    Json value = planning::fill(Json(field.text.empty() ? field.from : field.text), lookup);
    if (value.is_object()) return std::nullopt;  // a value in it is missing
    return value;
  }
  const Json* source = source_of(pass, field);
  if (field.from.empty() || source == nullptr) return std::nullopt;
  auto value = planning::read_path(*source, field.from);
  if (!value) return std::nullopt;
  if (field.count) return Json(value->is_array() ? value->get_array().size() : 0);
  return planning::from_aws(field.field, *value);
}

// What AWS shows no more is no more; but while an object goes, facets are not read.
bool goes_when_not_shown(const Engine::Pass& pass, const definition::StatusField& field) {
  const bool from_aws = !field.from.empty() && !field.from.starts_with("${") && field.text.empty();
  const bool read = source_of(pass, field) != nullptr || !pass.desired.deleting;
  return from_aws && read && !field.lasting && field.field.name != pass.definition.identity.status;
}

// Timestamps arrive as seconds or as text; status wants RFC 3339.
Json as_declared_type(const definition::Field& field, Json value) {
  if (field.format == "date-time" && value.is_number()) {
    const auto seconds = static_cast<std::time_t>(value.to_number<double>());
    return Json(format_rfc3339(std::chrono::system_clock::from_time_t(seconds)));
  }
  if (field.type == definition::Type::kInteger && value.is_string()) {
    return parse_json(std::string_view(value.get_string())).value_or(value);
  }
  return value;
}

// Puts names into the list of what is this object's to take away. A list that has them all stays.
void note_names(Json& status, const std::string& list, const std::vector<std::string>& names) {
  const std::vector<std::string> noted = planning::texts_at(status, list);
  const std::vector<std::string> all = with_names(noted, names);
  if (all.size() > noted.size()) set_path(status, list, JsonArray(all.begin(), all.end()));
}

// What was noted of a set and has gone: taken away by somebody else. Only once AWS shows all that
// was written.
void forget_gone(const Engine::Pass& pass, const definition::ChildSet& set,
                 const std::vector<std::string>& declared, Json& status) {
  const auto found = pass.observed.sets.find(set.field);
  if (found == pass.observed.sets.end()) return;
  std::vector<std::string> there = declared;
  for (const auto& item : found->second) there.push_back(item.key);
  const auto has_gone = [&there](const std::string& name) {
    return std::ranges::find(there, name) == there.end();
  };
  std::vector<std::string> noted = planning::texts_at(status, set.noted);
  if (std::erase_if(noted, has_gone) == 0) return;
  set_path(status, set.noted, JsonArray(noted.begin(), noted.end()));
}

// What is declared is there, and is ours to take away once it is not declared any more. It was
// noted when it was written, but a status can be lost, as when a backup is restored.
void note_parts_as_declared(const Engine::Pass& pass, Json& status, WallTime now) {
  const Json& spec = pass.desired.spec;
  const bool shown = text_at(status, "settledSpec") == pass.digest &&
                     surely_shown(pass.definition, text_at(status, "lastSyncTime"), now);
  for (const auto& set : pass.definition.sets) {
    if (set.noted.empty()) continue;
    const auto declared = planning::declared_keys(pass.definition, set, spec);
    note_names(status, set.noted, declared);
    if (shown) forget_gone(pass, set, declared, status);
  }
  for (const auto& field : pass.definition.status) {
    const std::string name = field.written.empty() ? "" : text_at(spec, field.written);
    if (!name.empty()) note_names(status, field.field.name, {name});
  }
}

}  // namespace

Json Engine::status_for(Pass& pass, const Outcome& outcome) const {
  const Json& before = pass.object.status();
  Json status = before;
  if (pass.seen && pass.ours) {
    for (const auto& field : pass.definition.status) {
      auto value = shown(pass, field);
      if (value) {
        set_path(status, field.field.name, as_declared_type(field.field, std::move(*value)));
      } else if (goes_when_not_shown(pass, field)) {
        erase_path(status, field.field.name);
      }
    }
    note_location(pass, status);
  }
  if (pass.made) note_assigned_id(pass, status);
  if (pass.seen) erase_path(status, "absence");
  const bool settled = std::holds_alternative<Settled>(outcome);
  if (settled) {
    // The outcome is known. When it was made stays: AWS may hide it for a while yet.
    erase_path(status, "creation.token");
    note_tags_as_declared(pass.definition, pass.desired, status, clock_.wall());
    note_parts_as_declared(pass, status, clock_.wall());
  }
  if (settled) set_path(status, "settledSpec", Json(pass.digest));
  pass.news = record_drift(pass.drift, settled, clock_.wall(), status);
  set_path(status, "ready", settled);
  // Tells whoever asked for a look that it has been taken.
  const std::string asked = pass.object.annotation("reconcile-requested-at");
  if (!asked.empty()) set_path(status, "lastHandledReconcileAt", Json(asked));
  set_path(status, "observedGeneration", pass.object.generation());
  set_path(status, "conditions",
           conditions_json(before, conditions_of(outcome, pass.desired.deleting, pass.seen),
                           pass.object.generation(), clock_.wall()));
  if (!same(before, status)) {
    set_path(status, "lastSyncTime", Json(format_rfc3339(clock_.wall())));
  }
  return status;
}

Task<void> Engine::report(Pass& pass, const Outcome& outcome) {
  Json status = status_for(pass, outcome);
  const bool changed = !same(pass.object.status(), status);
  auto saved = co_await save_status(pass, std::move(status), ObjectStore::Check::kSameVersion);
  if (!saved) pass.untold = saved.error();
  if (!saved || !changed) co_return;
  if (pass.news.found) {
    pass.store.record_event(pass.object, true, "DriftDetected", sentence_of(pass.drift));
  }
  if (pass.news.healed) {
    pass.store.record_event(pass.object, false, "DriftHealed", "As declared again");
  }
  if (const auto* blocked = std::get_if<Blocked>(&outcome)) {
    const bool told_already = blocked->reason == planning::kDrifted && pass.news.found;
    if (told_already) co_return;
    pass.store.record_event(pass.object, true, blocked->reason, blocked->message);
  } else if (const auto* failed = std::get_if<Failed>(&outcome)) {
    pass.store.record_event(pass.object, true, std::string(to_string(failed->error.code)),
                            failed->error.message);
  }
}

namespace {

// Stands in where there is no provider: nothing is ever called on it.
class NoCloud final : public Cloud {
 public:
  Task<Result<Json>> call(std::string, std::string, Json, Intent) override {
    co_return std::unexpected(Error{.code = Code::kInternal, .message = "no provider"});
  }
  Task<Result<Json>> call_all_pages(std::string, std::string, Json) override {
    co_return std::unexpected(Error{.code = Code::kInternal, .message = "no provider"});
  }
  const Location& location() const override { return nowhere_; }
  const planning::TagPolicy& tag_policy() const override { return tags_; }
  const planning::DriftPolicy& drift_policy() const override { return drift_; }

 private:
  Location nowhere_;
  planning::TagPolicy tags_;
  planning::DriftPolicy drift_;
};

}  // namespace

Task<void> Engine::report_only(const definition::Definition& definition, Object object,
                               Outcome outcome, ObjectStore& store) {
  if (object.annotation("paused") == "true") co_return;
  NoCloud cloud;
  Pass pass{.definition = definition, .object = std::move(object), .cloud = cloud, .store = store};
  pass.desired.deleting = pass.object.deleting();
  co_await report(pass, outcome);
}

}  // namespace infra::reconcile
