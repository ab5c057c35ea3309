// Remove: deletes the resource, and lets the object go once it has gone.
#include <algorithm>

#include "planning/path.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

// Stands where an update's difference would.
constexpr const char* kRemoval = "removal";

}  // namespace

// AWS may show for a while what it has deleted: asking again hastens nothing.
std::optional<Outcome> Engine::removed_before(const Pass& pass) const {
  const auto found = repeats_.find(pass.desired.uid);
  if (found == repeats_.end() || found->second.signature != kRemoval) return std::nullopt;
  if (clock_.steady() >= shown_by(found->second)) return std::nullopt;
  return Waiting{.reason = "Deleting",
                 .message = "AWS has accepted the deletion and still shows " + pass.id,
                 .after = kRecheck};
}

Task<Result<void>> Engine::remove(Pass& pass) {
  for (const auto& set : pass.definition.sets) {
    std::vector<std::string> items = declared_items(set, pass.desired.spec);
    for (auto& item : noted_items(set, pass.object.status())) {
      if (std::ranges::find(items, item) == items.end()) items.push_back(std::move(item));
    }
    for (const std::string& item : items) {
      pass.item = item;
      auto taken = co_await invoke(pass, set.remove, Cloud::Intent::kWrite);
      if (!taken && taken.error().code != Code::kNotFound) {
        co_return std::unexpected(taken.error().in("cannot take from " + set.field));
      }
    }
  }
  for (const auto& call : pass.definition.before_delete) {
    auto done = co_await write(pass, call);
    if (!done && done.error().code != Code::kNotFound) {
      co_return std::unexpected(done.error().in("cannot prepare the deletion"));
    }
  }
  auto answer = co_await invoke(pass, pass.definition.remove, Cloud::Intent::kWrite);
  if (answer) {
    pass.removed = true;
    note_repeat(pass, kRemoval);
    // It was there and AWS took the deletion: from here on "not there" is no lag of a create.
    Json status = pass.object.status();
    erase_path(status, "creation");
    set_path(status, "absence.since", Json(format_rfc3339(clock_.wall())));
    auto noted = co_await save_status(pass, std::move(status), ObjectStore::Check::kAnyVersion);
    if (!noted) co_return std::unexpected(noted.error());
    co_return Result<void>{};
  }
  const auto& absent = pass.definition.remove_absent;
  const std::string code = answer.error().remote_code;
  if (std::ranges::find(absent, code) != absent.end()) {
    note_repeat(pass, kRemoval);
    co_return Result<void>{};
  }
  const auto blocked = pass.definition.remove_blocked.find(code);
  if (blocked != pass.definition.remove_blocked.end()) {
    Error error = answer.error();
    error.code = Code::kBlocked;
    error.message = blocked->second + " (" + error.message + ")";
    co_return std::unexpected(error);
  }
  co_return std::unexpected(answer.error().in("cannot delete"));
}

Task<Outcome> Engine::forget(Pass& pass, const planning::Plan& plan) {
  if (!pass.seen && !pass.removed) {
    auto absent = co_await believe_absence(pass);
    if (!absent) co_return waiting_or_failed(absent.error());
  }
  pass.store.record_event(pass.object, false, plan.reason,
                          plan.message.empty() ? "Gone from AWS" : plan.message);
  JsonObject patch = release_patch(pass.definition, pass.object);
  auto saved = co_await pass.store.patch_metadata(pass.object, std::move(patch),
                                                  ObjectStore::Check::kSameVersion);
  if (!saved && saved.error().code != Code::kNotFound) co_return failed_outcome(saved.error());
  repeats_.erase(pass.desired.uid);
  creates_seen_.erase(pass.desired.uid);
  co_return Outcome{Gone{}};
}

}  // namespace infra::reconcile
