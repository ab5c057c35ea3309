// Create: what makes one resource for one object, whatever is interrupted.
#include <algorithm>

#include "planning/path.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

constexpr int kSaveAttempts = 6;

// A chosen name, or a name that decides, cannot be created twice.
bool cannot_duplicate(const definition::Definition& definition) {
  return !definition.identity.chosen.empty() || definition.identity.unique;
}

}  // namespace

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

}  // namespace infra::reconcile
