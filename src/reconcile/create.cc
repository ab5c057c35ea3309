// Create: what makes one resource for one object, whatever is interrupted.
#include <algorithm>

#include "planning/path.h"
#include "reconcile/pass.h"
#include "reconcile/tag_keys.h"

namespace infra::reconcile {
namespace {

constexpr int kSaveAttempts = 6;
constexpr std::chrono::seconds kConfirmAbsence{5};

// A chosen name, or a name that decides, cannot be created twice.
bool cannot_duplicate(const definition::Definition& definition) {
  return !definition.identity.chosen.empty() || !definition.identity.decided_by.empty();
}

// What AWS assigned, which some answers hold within a list.
std::string assigned_id(const definition::Identity& identity, const Json& answer) {
  const auto id = planning::read_path(answer, identity.assigned_at);
  return id ? text_at(*id, "") : std::string{};
}

// EC2, "Ensuring idempotency": an earlier create with this token was accepted, and had other
// parameters.
bool is_used_up(const Error& error) { return error.remote_code == "IdempotentParameterMismatch"; }

// Neither absent nor present for certain; carry_out() makes a Waiting of it.
std::unexpected<Error> not_yet(std::string reason, std::string message) {
  return std::unexpected(Error{
      .code = Code::kConflict, .message = std::move(message), .remote_code = std::move(reason)});
}

}  // namespace

// A create was sent so lately that AWS need not show what it made. Another process may have noted
// when, by a clock that is not ours: unless that is long ago whatever the clocks say, the time
// counts from when we first saw the note.
bool Engine::may_be_hidden(const Pass& pass) {
  const std::string started = text_at(pass.object.json(), "status.creation.startedAt");
  if (started.empty()) return false;
  if (surely_shown(pass.definition, started, clock_.wall())) {
    creates_seen_.erase(pass.desired.uid);
    return false;
  }
  auto& [seen, since] = creates_seen_[pass.desired.uid];
  if (seen != started) {
    seen = started;
    since = clock_.steady();
  }
  return clock_.steady() - since <
         std::chrono::seconds(pass.definition.identity.visible_after_seconds);
}

// AWS says that it is not there. Not believed while AWS may still hide what a create has made; and
// of an id that we knew only the second time, some seconds later: one stale read must neither lead
// to a second resource nor let go of the first. kConflict and "Confirming...": not yet.
Task<Result<void>> Engine::believe_absence(Pass& pass) {
  if (may_be_hidden(pass)) {
    co_return not_yet(intent_open(pass.object) ? "ConfirmingCreate" : "ConfirmingAbsence",
                      "A create was sent not long ago; looking for the resource until AWS must "
                      "show it");
  }
  Json status = pass.object.status();
  if (intent_open(pass.object) || pass.desired.recorded_id.empty()) co_return Result<void>{};
  const std::string missed = text_at(status, "absence.since");
  const bool twice = !missed.empty() && clock_.wall() - parse_rfc3339(missed) >= kConfirmAbsence;
  if (twice) co_return Result<void>{};
  if (missed.empty()) {
    set_path(status, "absence.since", Json(format_rfc3339(clock_.wall())));
    auto saved = co_await save_status(pass, std::move(status), ObjectStore::Check::kSameVersion);
    if (!saved) co_return std::unexpected(saved.error());
  }
  co_return not_yet(
      "ConfirmingAbsence",
      "AWS does not know " + pass.id + " any more; looking once more before that is believed");
}

// False if the resource has been found under another id.
Task<Result<bool>> Engine::confirm_absence(Pass& pass) {
  if (!pass.id.empty()) {
    auto found = co_await find_lost(pass);
    if (!found) co_return std::unexpected(found.error());
    if (!found->empty() && *found != pass.id) {
      pass.id = *found;
      co_return false;
    }
    // One look-up shows it and the other does not: one of them is late.
    const bool shown = !found->empty() && pass.definition.identity.chosen.empty();
    if (shown) {
      co_return not_yet("ConfirmingAbsence",
                        "AWS lists " + pass.id + " and does not know it; waiting until it agrees");
    }
  }
  auto absent = co_await believe_absence(pass);
  if (!absent) co_return std::unexpected(absent.error());
  co_return true;
}

Task<Result<void>> Engine::save_intent(Pass& pass) {
  const auto& identity = pass.definition.identity;
  Json status = pass.object.status();
  if (!identity.status.empty()) erase_path(status, identity.status);
  erase_path(status, "absence");
  note_location(pass, status);
  set_path(status, "creation.token", Json(pass.desired.uid));
  set_path(status, "creation.startedAt", Json(format_rfc3339(clock_.wall())));
  if (pass.definition.tags) set_path(status, "tagKeys", tag_keys_to_note(pass.desired));
  auto saved = co_await save_status(pass, std::move(status), ObjectStore::Check::kSameVersion);
  pass.desired.intent_open = saved.has_value();
  pass.desired.creating = saved && may_be_hidden(pass);  // which starts its time
  co_return saved;
}

// An earlier create of this object made something, which is not found and so was taken away
// again. The intent stays open, so that this is confirmed before the next one, with another token.
Task<Result<void>> Engine::renew_token(Pass& pass) {
  Json status = pass.object.status();
  set_path(status, "creation.renewed", Json(format_rfc3339(clock_.wall())));
  auto saved = co_await save_status(pass, std::move(status), ObjectStore::Check::kAnyVersion);
  if (!saved) co_return saved;
  co_return not_yet("ConfirmingCreate",
                    "AWS has accepted an earlier create, with other settings; looking for what it "
                    "made before another one is sent");
}

// Intent first, then create, then the id: whatever is interrupted, the next pass finds either an
// intent (and looks before it creates again) or the id.
Task<Result<void>> Engine::create(Pass& pass) {
  const auto& identity = pass.definition.identity;
  bool open = intent_open(pass.object);
  // AWS itself refuses a second one of that name, so a lost create may be sent again at once; but
  // not one that was answered.
  const bool lost = open && pass.desired.recorded_id.empty();
  if (!lost || !cannot_duplicate(pass.definition)) {
    auto absent = co_await confirm_absence(pass);
    if (!absent) co_return std::unexpected(absent.error());
    if (!*absent) co_return Result<void>{};  // found after all: the next round observes it
    open = false;  // an earlier create is known by now to have made nothing
  }
  auto intent = co_await save_intent(pass);
  if (!intent) co_return std::unexpected(intent.error().in("cannot save the intent to create"));

  pass.tags_to_set = pass.desired.tags;
  auto answer = co_await send(pass, pass.definition.create, Cloud::Intent::kCreate);
  if (!answer) {
    if (is_used_up(answer.error())) {
      auto renewed = co_await renew_token(pass);
      co_return renewed;
    }
    if (!open && !outcome_unknown(answer.error())) {
      // AWS said no: nothing was made, so the intent is settled. An earlier one stays open.
      Json refused = pass.object.status();
      erase_path(refused, "creation");
      erase_path(refused, "location");
      auto cleared =
          co_await save_status(pass, std::move(refused), ObjectStore::Check::kAnyVersion);
      if (!cleared) co_return std::unexpected(cleared.error());
    }
    co_return std::unexpected(answer.error().in("cannot create"));
  }
  std::string id = pass.id;
  if (!identity.assigned_at.empty()) id = assigned_id(identity, *answer);
  if (!identity.chosen.empty()) id = text_at(pass.desired.spec, identity.chosen);
  if (id.empty()) {
    co_return std::unexpected(
        Error{.code = Code::kUnavailable, .message = "AWS's answer to the create holds no id"});
  }
  for (const auto& field : pass.definition.status) {
    if (!field.hash.empty()) note_written(pass, field);
  }
  auto saved = co_await save_id(pass, id);
  if (!saved) co_return std::unexpected(saved.error());
  pass.desired.status = pass.object.status();
  pass.made = true;
  pass.store.record_event(pass.object, false, "Created",
                          "Created " + pass.definition.kind + " " + id);
  co_return Result<void>{};
}

// What must not be lost: tried again through conflicts and short outages.
Task<Result<void>> Engine::save_id(Pass& pass, const std::string& id) {
  pass.id = id;
  pass.desired.recorded_id = id;
  Result<void> saved;
  for (int attempt = 0; attempt < kSaveAttempts; ++attempt) {
    if (attempt > 0) co_await clock_.sleep(Duration{200} * (1 << attempt));
    saved = co_await write_id(pass);
    if (saved) co_return saved;
    if (saved.error().code == Code::kNotFound) break;  // the object has gone
  }
  co_return std::unexpected(saved.error().in("cannot save the id " + id));
}

// As an annotation, which is enough to find the resource by; in status it comes with the next write
// of that, which is the report if nothing has to be noted before.
Task<Result<void>> Engine::write_id(Pass& pass) {
  if (pass.object.annotation("external-id") != pass.id) {
    JsonObject annotations{{group_key("external-id"), pass.id}};
    JsonObject patch{{"annotations", std::move(annotations)}};
    auto noted = co_await pass.store.patch_metadata(pass.object, std::move(patch),
                                                    ObjectStore::Check::kAnyVersion);
    if (!noted) co_return std::unexpected(noted.error());
    pass.object = std::move(*noted);
  }
  if (pass.notes.empty()) co_return Result<void>{};
  Json status = pass.object.status();
  note_assigned_id(pass, status);
  for (const auto& note : pass.notes) set_path(status, note.key(), note.value());
  auto saved = co_await save_status(pass, std::move(status), ObjectStore::Check::kAnyVersion);
  co_return saved;
}

}  // namespace infra::reconcile
