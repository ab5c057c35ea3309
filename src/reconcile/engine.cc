#include "reconcile/engine.h"

#include <algorithm>

#include "planning/form.h"
#include "planning/template.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Definition;
using planning::Action;
using planning::Observed;
using planning::Plan;

constexpr int kMostSteps = 4;       // observe-act rounds in one reconcile
constexpr int kSameDifference = 3;  // writes of one difference before we stop
constexpr Duration kRecheck{2'000};
constexpr int kSaveAttempts = 6;

std::string group_key(std::string_view name) {
  return std::string(planning::kGroup) + "/" + std::string(name);
}

planning::TagMap merged_tags(const std::map<std::string, std::string>& defaults,
                             const Object& object, const std::string& cluster) {
  planning::TagMap tags(defaults.begin(), defaults.end());
  const Json spec = object.spec();
  const Json* own = find_path(spec, "tags");
  if (own != nullptr && own->is_object()) {
    for (const auto& member : own->get_object()) {
      if (member.value().is_string()) tags[member.key()] = member.value().get_string().c_str();
    }
  }
  tags[planning::owner_tag()] = object.uid();
  tags[group_key("cluster")] = cluster;
  tags[group_key("namespace")] = object.namespace_name();
  tags[group_key("name")] = object.name();
  return tags;
}

std::string recorded_id(const Definition& definition, const Object& object) {
  const auto& identity = definition.identity;
  if (!identity.status.empty()) {
    const std::string id = text_at(object.status(), identity.status);
    if (!id.empty()) return id;
  }
  return object.annotation("external-id");
}

std::string known_id(const Definition& definition, const Object& object) {
  const std::string recorded = recorded_id(definition, object);
  if (!recorded.empty() || definition.identity.chosen.empty()) return recorded;
  return text_at(object.spec(), definition.identity.chosen);
}

std::vector<std::string> managed_keys(const Object& object) {
  std::vector<std::string> out;
  const Json status = object.status();
  const Json* keys = find_path(status, "tagKeys");
  if (keys == nullptr || !keys->is_array()) return out;
  for (const Json& key : keys->get_array()) {
    if (key.is_string()) out.emplace_back(key.get_string());
  }
  return out;
}

planning::Desired desired_of(const Definition& definition, const Object& object, const Cloud& cloud,
                             const std::string& cluster) {
  return {.uid = object.uid(),
          .cluster = cluster,
          .namespace_name = object.namespace_name(),
          .name = object.name(),
          .spec = planning::without_undeclared(object.spec()),
          .status = object.status(),
          .tags = merged_tags(cloud.default_tags(), object, cluster),
          .managed_keys = managed_keys(object),
          .recorded_id = recorded_id(definition, object),
          .deleting = object.deleting(),
          .adopt = object.annotation("adopt") == "true",
          .observe_only = object.annotation("policy") == "observe"};
}

Outcome failed_outcome(const Error& error) {
  switch (error.code) {
    case Code::kInvalid: return Blocked{.reason = "Refused", .message = error.message};
    case Code::kConflict:
      return Waiting{.reason = "Conflict", .message = error.message, .after = Duration{500}};
    default: return Failed{.error = error};
  }
}

bool creation_pending(const Object& object) {
  const Json status = object.status();
  return find_path(status, "creation.startedAt") != nullptr;
}

// A chosen name, or a name that decides, cannot be created twice.
bool cannot_duplicate(const Definition& definition) {
  return !definition.identity.chosen.empty() || definition.identity.unique;
}

}  // namespace

Task<Report> Engine::reconcile(const Definition& definition, Object object, Cloud& cloud,
                               ObjectStore& store) {
  Pass pass{.definition = definition, .object = std::move(object), .cloud = cloud, .store = store};
  pass.desired = desired_of(definition, pass.object, cloud, cluster_);
  pass.id = known_id(definition, pass.object);
  Outcome outcome = Settled{};
  // A paused object is left wholly alone: its status, and an open intent in it, stay as they are.
  const bool paused = pass.object.annotation("paused") == "true";
  if (!paused) outcome = co_await run(pass);
  if (!paused && !std::holds_alternative<Gone>(outcome)) co_await report(pass, outcome);
  co_return Report{.outcome = std::move(outcome), .corrected = pass.corrected, .paths = pass.paths};
}

Task<Outcome> Engine::run(Pass& pass) {
  if (pass.desired.deleting && !holds_finalizer(pass.definition, pass.object)) {
    co_return Outcome{Gone{}};
  }
  auto held = co_await hold_finalizer(pass);
  if (!held) co_return failed_outcome(held.error());
  for (int step = 0; step < kMostSteps; ++step) {
    if (pass.id.empty()) {
      auto found = co_await find_lost(pass);
      if (!found) co_return failed_outcome(found.error());
      if (!found->empty()) {
        auto saved = co_await save_id(pass, *found);
        if (!saved) co_return failed_outcome(saved.error());
      }
    }
    auto observed = co_await observe(pass);
    if (!observed) co_return failed_outcome(observed.error());
    pass.seen = observed->present;
    const Plan plan = decide(pass.definition, pass.desired, *observed);
    bool again = false;
    Outcome outcome = co_await carry_out(pass, plan, again);
    if (!again) co_return outcome;
  }
  co_return Outcome{Waiting{
      .reason = "Converging", .message = "AWS is still taking up the changes", .after = kRecheck}};
}

Task<Result<void>> Engine::hold_finalizer(Pass& pass) {
  if (holds_finalizer(pass.definition, pass.object)) co_return Result<void>{};
  JsonObject patch = with_finalizer(pass.object, finalizer_of(pass.definition));
  auto saved = co_await pass.store.patch_metadata(pass.object, std::move(patch),
                                                  ObjectStore::Check::kSameVersion);
  if (!saved) co_return std::unexpected(saved.error().in("cannot set the finalizer"));
  pass.object = std::move(*saved);
  co_return Result<void>{};
}

Task<Outcome> Engine::carry_out(Pass& pass, const Plan& plan, bool& again) {
  Result<void> done;
  switch (plan.action) {
    case Action::kNothing: repeats_.erase(pass.desired.uid); co_return Outcome{Settled{}};
    case Action::kBlock: co_return Outcome{Blocked{.reason = plan.reason, .message = plan.message}};
    case Action::kWait:
      co_return Outcome{
          Waiting{.reason = plan.reason, .message = plan.message, .after = plan.wait}};
    case Action::kForget: {
      Outcome gone = co_await forget(pass, plan);
      co_return gone;
    }
    case Action::kCreate: done = co_await create(pass); break;
    case Action::kUpdate:
      if (keeps_differing(pass, plan)) {
        co_return Outcome{
            Blocked{.reason = "NotConverging",
                    .message = "AWS does not keep what was written: " + plan.message}};
      }
      done = co_await update(pass, plan);
      break;
    case Action::kDelete: done = co_await remove(pass); break;
  }
  if (!done) {
    const Error& error = done.error();
    if (error.code == Code::kBlocked) {
      co_return Outcome{
          Waiting{.reason = "Blocked", .message = error.message, .after = Duration{10'000}}};
    }
    if (error.code == Code::kConflict && error.remote_code == "Pending") {
      co_return Outcome{
          Waiting{.reason = "ConfirmingCreate", .message = error.message, .after = kRecheck}};
    }
    co_return failed_outcome(error);
  }
  again = true;
  co_return Outcome{Settled{}};
}

bool Engine::keeps_differing(Pass& pass, const Plan& plan) {
  std::string signature = plan.message + canonical(pass.desired.spec);
  auto& [last, count] = repeats_[pass.desired.uid];
  count = last == signature ? count + 1 : 1;
  last = std::move(signature);
  return count > kSameDifference;
}

// Intent first, then create, then the id: whatever is interrupted, the next pass finds either an
// intent (and looks before it creates again) or the id.
Task<Result<void>> Engine::create(Pass& pass) {
  const auto& identity = pass.definition.identity;
  const std::string started = text_at(pass.object.status(), "creation.startedAt");
  const bool tried = !started.empty();
  if (tried && !cannot_duplicate(pass.definition)) {
    const auto age = clock_.wall() - parse_rfc3339(started);
    if (age < std::chrono::seconds(identity.visible_after_seconds)) {
      co_return std::unexpected(
          Error{.code = Code::kConflict,
                .message = "A create was under way and its outcome is not known; looking for the "
                           "resource until AWS must show it",
                .remote_code = "Pending"});
    }
  }
  Json status = pass.object.status();
  if (!identity.status.empty()) erase_path(status, identity.status);
  set_path(status, "creation.token", Json(pass.desired.uid));
  set_path(status, "creation.startedAt", Json(format_rfc3339(clock_.wall())));
  auto intent = co_await save_status(pass, std::move(status), ObjectStore::Check::kSameVersion);
  if (!intent) co_return std::unexpected(intent.error().in("cannot save the intent to create"));

  pass.tags_to_set = pass.desired.tags;
  auto answer = co_await invoke(pass, pass.definition.create, Cloud::Intent::kCreate);
  if (!answer) {
    if (!outcome_unknown(answer.error())) {
      // AWS said no: nothing was made, so the intent is settled.
      Json refused = pass.object.status();
      erase_path(refused, "creation");
      auto cleared =
          co_await save_status(pass, std::move(refused), ObjectStore::Check::kAnyVersion);
      if (!cleared) co_return std::unexpected(cleared.error());
    }
    co_return std::unexpected(answer.error().in("cannot create"));
  }
  std::string id = pass.id;
  if (!identity.assigned_at.empty()) id = text_at(*answer, identity.assigned_at);
  if (!identity.chosen.empty()) id = text_at(pass.desired.spec, identity.chosen);
  if (id.empty()) {
    co_return std::unexpected(
        Error{.code = Code::kUnavailable, .message = "AWS's answer to the create holds no id"});
  }
  const Json spec = pass.desired.spec;
  for (const auto& field : pass.definition.status) {
    const Json* value = field.hash.empty() ? nullptr : find_path(spec, field.hash);
    if (value != nullptr) pass.hash_written = planning::digest(pass.desired.uid, *value);
  }
  auto saved = co_await save_id(pass, id);
  if (!saved) co_return std::unexpected(saved.error());
  pass.desired.status = pass.object.status();
  pass.store.record_event(pass.object, false, "Created",
                          "Created " + pass.definition.kind + " " + id);
  co_return Result<void>{};
}

// The one write that must not be lost: tried again through conflicts and short outages.
Task<Result<void>> Engine::save_id(Pass& pass, const std::string& id) {
  pass.id = id;
  pass.desired.recorded_id = id;
  Result<void> last;
  for (int attempt = 0; attempt < kSaveAttempts; ++attempt) {
    if (attempt > 0) co_await clock_.sleep(Duration{200} * (1 << attempt));
    Json status = pass.object.status();
    if (!pass.definition.identity.status.empty()) {
      set_path(status, pass.definition.identity.status, Json(id));
    }
    for (const auto& field : pass.definition.status) {
      if (!field.hash.empty() && !pass.hash_written.empty()) {
        set_path(status, field.field.name, Json(pass.hash_written));
      }
    }
    last = co_await save_status(pass, std::move(status), ObjectStore::Check::kAnyVersion);
    if (!last && outcome_unknown(last.error())) continue;
    if (!last) break;
    if (pass.object.annotation("external-id") == id) co_return Result<void>{};
    JsonObject annotations{{group_key("external-id"), id}};
    JsonObject patch{{"annotations", std::move(annotations)}};
    auto noted = co_await pass.store.patch_metadata(pass.object, std::move(patch),
                                                    ObjectStore::Check::kAnyVersion);
    if (noted) {
      pass.object = std::move(*noted);
      co_return Result<void>{};
    }
    last = std::unexpected(noted.error());
  }
  co_return std::unexpected(last.error().in("cannot save the id " + id));
}

Task<Result<void>> Engine::update(Pass& pass, const Plan& plan) {
  for (const auto& facet : pass.definition.facets) {
    if (std::ranges::find(plan.facets, facet.name) == plan.facets.end()) continue;
    for (const auto& call : facet.write) {
      const Json& spec = pass.desired.spec;
      const auto holds = [&spec](const auto& condition) {
        const Json* value = find_path(spec, condition.first);
        return value != nullptr && same(*value, condition.second);
      };
      if (!std::ranges::all_of(call.when, holds)) continue;
      if (!call.unless.empty() && std::ranges::all_of(call.unless, holds)) continue;
      auto written = co_await invoke(pass, call, Cloud::Intent::kWrite);
      if (!written) co_return std::unexpected(written.error().in("cannot change " + facet.name));
    }
    const Json* remembered =
        facet.remembered.empty() ? nullptr : find_path(pass.desired.spec, facet.remembered);
    if (remembered != nullptr) {
      pass.hash_written = planning::digest(pass.desired.uid, *remembered);
      auto saved = co_await save_id(pass, pass.id);
      if (!saved) co_return std::unexpected(saved.error());
      pass.desired.status = pass.object.status();
    }
  }
  for (const auto& set : pass.definition.sets) {
    const auto added = plan.add.find(set.field);
    const auto removed = plan.remove.find(set.field);
    const std::vector<std::string> none;
    for (const auto& item : added == plan.add.end() ? none : added->second) {
      pass.item = item;
      auto written = co_await invoke(pass, set.add, Cloud::Intent::kWrite);
      if (!written) co_return std::unexpected(written.error().in("cannot add to " + set.field));
    }
    for (const auto& item : removed == plan.remove.end() ? none : removed->second) {
      pass.item = item;
      auto written = co_await invoke(pass, set.remove, Cloud::Intent::kWrite);
      if (!written) co_return std::unexpected(written.error().in("cannot take from " + set.field));
    }
  }
  auto tagged = co_await write_tags(pass, plan);
  if (!tagged) co_return std::unexpected(tagged.error());
  const Json* observed = find_path(pass.object.json(), "status.observedGeneration");
  pass.corrected = observed != nullptr && observed->is_number() &&
                   observed->to_number<std::int64_t>() == pass.object.generation() &&
                   find_path(pass.object.json(), "status.creation") == nullptr;
  pass.paths = plan.paths;
  pass.store.record_event(
      pass.object, false, pass.corrected ? "DriftCorrected" : "Updated",
      (pass.corrected ? "Set back what was changed in AWS. " : "") + plan.message);
  co_return Result<void>{};
}

Task<Result<void>> Engine::write_tags(Pass& pass, const Plan& plan) {
  if (!pass.definition.tags) co_return Result<void>{};
  const auto& tags = *pass.definition.tags;
  const bool changes = !plan.set_tags.empty() || !plan.remove_tags.empty();
  if (!changes) co_return Result<void>{};
  pass.tags_to_set = plan.set_tags;
  if (!tags.remove) {
    // One call replaces the whole set: foreign tags have to be in it to stay.
    pass.tags_to_set = plan.all_tags;
  }
  if (!pass.tags_to_set.empty()) {
    auto written = co_await invoke(pass, tags.add, Cloud::Intent::kWrite);
    if (!written) co_return std::unexpected(written.error().in("cannot set tags"));
  }
  if (tags.remove && !plan.remove_tags.empty()) {
    pass.tags_to_remove = plan.remove_tags;
    auto written = co_await invoke(pass, *tags.remove, Cloud::Intent::kWrite);
    if (!written) co_return std::unexpected(written.error().in("cannot remove tags"));
  }
  co_return Result<void>{};
}

Task<Result<void>> Engine::remove(Pass& pass) {
  for (const auto& set : pass.definition.sets) {
    const Json* declared = find_path(pass.desired.spec, set.field);
    if (declared == nullptr || !declared->is_array()) continue;
    const JsonArray items = declared->get_array();
    for (const Json& item : items) {
      pass.item = item.is_string() ? item.get_string().c_str() : "";
      auto taken = co_await invoke(pass, set.remove, Cloud::Intent::kWrite);
      if (!taken && taken.error().code != Code::kNotFound) {
        co_return std::unexpected(taken.error().in("cannot take from " + set.field));
      }
    }
  }
  for (const auto& call : pass.definition.before_delete) {
    if (!call.needs.empty() && find_path(pass.desired.spec, call.needs) == nullptr) continue;
    auto done = co_await invoke(pass, call, Cloud::Intent::kWrite);
    if (!done && done.error().code != Code::kNotFound) {
      co_return std::unexpected(done.error().in("cannot prepare the deletion"));
    }
  }
  auto answer = co_await invoke(pass, pass.definition.remove, Cloud::Intent::kWrite);
  if (answer) {
    pass.removed = true;
    // It was there and AWS took the deletion: from here on "not there" is no lag of a create.
    Json status = pass.object.status();
    erase_path(status, "creation");
    auto noted = co_await save_status(pass, std::move(status), ObjectStore::Check::kAnyVersion);
    if (!noted) co_return std::unexpected(noted.error());
    co_return Result<void>{};
  }
  const auto& absent = pass.definition.remove_absent;
  const std::string code = answer.error().remote_code;
  if (std::ranges::find(absent, code) != absent.end()) co_return Result<void>{};
  const auto blocked = pass.definition.remove_blocked.find(code);
  if (blocked != pass.definition.remove_blocked.end()) {
    Error error = answer.error();
    error.code = Code::kBlocked;
    error.message = blocked->second + " (" + error.message + ")";
    co_return std::unexpected(error);
  }
  co_return std::unexpected(answer.error().in("cannot delete"));
}

Task<Outcome> Engine::forget(Pass& pass, const Plan& plan) {
  if (!pass.seen && !pass.removed && creation_pending(pass.object)) {
    const auto started = parse_rfc3339(text_at(pass.object.status(), "creation.startedAt"));
    const auto window = std::chrono::seconds(pass.definition.identity.visible_after_seconds);
    if (clock_.wall() - started < window) {
      co_return Outcome{
          Waiting{.reason = "ConfirmingAbsence",
                  .message = "A create was under way; making sure that it left nothing",
                  .after = kRecheck}};
    }
  }
  pass.store.record_event(pass.object, false, plan.reason,
                          plan.message.empty() ? "Gone from AWS" : plan.message);
  JsonObject patch = without_finalizer(pass.object, finalizer_of(pass.definition));
  auto saved = co_await pass.store.patch_metadata(pass.object, std::move(patch),
                                                  ObjectStore::Check::kSameVersion);
  if (!saved && saved.error().code != Code::kNotFound) co_return failed_outcome(saved.error());
  repeats_.erase(pass.desired.uid);
  co_return Outcome{Gone{}};
}

Task<Result<void>> Engine::save_status(Pass& pass, Json status, ObjectStore::Check check) {
  JsonObject patch = merge_patch(pass.object.status(), status);
  if (patch.empty()) co_return Result<void>{};
  auto saved = co_await pass.store.patch_status(pass.object, std::move(patch), check);
  if (!saved) co_return std::unexpected(saved.error());
  pass.object = std::move(*saved);
  co_return Result<void>{};
}

}  // namespace infra::reconcile
