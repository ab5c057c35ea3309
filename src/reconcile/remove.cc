// Remove: deletes the resource, and lets the object go once it has gone.
#include <algorithm>

#include "planning/path.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

// Stands where an update's difference would.
constexpr const char* kRemoval = "removal";

// AWS takes a while to delete it, and shows it meanwhile.
bool goes_slowly(const Engine::Pass& pass) { return !pass.definition.states.leaving.empty(); }

// The answer to a deletion.
bool says_absent(const Engine::Pass& pass, const Error& error) {
  const auto& absent = pass.definition.remove_absent;
  return std::ranges::find(absent, error.remote_code) != absent.end();
}

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

// What has to go before the resource can.
Task<Result<void>> Engine::take_children(Pass& pass, const planning::Plan& plan) {
  for (const auto& set : pass.definition.sets) {
    const auto change = plan.sets.find(set.field);
    if (change == plan.sets.end()) continue;
    const std::span<const definition::Call> take(&set.remove, 1);
    for (const auto& item : change->second.remove) {
      auto taken = co_await write_item(pass, set, take, item);
      if (!taken && taken.error().code != Code::kNotFound) {
        co_return std::unexpected(taken.error().in("cannot take from " + set.field));
      }
    }
  }
  co_return Result<void>{};
}

// The policy leaves the resource, after one call.
Task<Outcome> Engine::release(Pass& pass, const planning::Plan& plan) {
  const std::string policy = text_at(pass.desired.spec, "deletionPolicy");
  auto done = co_await send(pass, pass.definition.instead.at(policy));
  if (!done && done.error().code != Code::kNotFound) {
    co_return failed_outcome(
        done.error().in("cannot leave it as deletion policy " + policy + " says"));
  }
  Outcome gone = co_await forget(pass, plan);
  co_return gone;
}

Task<Result<Json>> Engine::send_removal(Pass& pass) {
  const auto& removes = pass.definition.removes;
  const auto call = std::ranges::find_if(
      removes, [&pass](const definition::Call& one) { return applies(pass, one); });
  if (call == removes.end()) {
    co_return fail(Code::kInternal, "no call to delete it fits its spec");
  }
  auto answer = co_await send(pass, *call);
  co_return answer;
}

Task<Result<void>> Engine::remove(Pass& pass, const planning::Plan& plan) {
  auto taken = co_await take_children(pass, plan);
  if (!taken) co_return taken;
  for (const auto& call : pass.definition.before_delete) {
    auto done = co_await write(pass, call);
    if (!done && done.error().code != Code::kNotFound) {
      co_return std::unexpected(done.error().in("cannot prepare the deletion"));
    }
  }
  auto answer = co_await send_removal(pass);
  if (answer) {
    pass.removed = true;
    note_repeat(pass, kRemoval);
    // It was there and AWS took the deletion: from here on "not there" is no lag of a create,
    // unless it is there for a while yet.
    Json status = pass.object.status();
    erase_path(status, goes_slowly(pass) ? "creation.token" : "creation");
    set_path(status, "absence.since", Json(format_rfc3339(clock_.wall())));
    auto noted = co_await save_status(pass, std::move(status), ObjectStore::Check::kAnyVersion);
    if (!noted) co_return std::unexpected(noted.error());
    co_return Result<void>{};
  }
  if (says_absent(pass, answer.error())) {
    note_repeat(pass, kRemoval);
    co_return Result<void>{};
  }
  if (answer.error().code == Code::kBlocked) co_return std::unexpected(answer.error());
  co_return std::unexpected(answer.error().in("cannot delete"));
}

// Not there, right after AWS took the deletion. Of what it takes a while to delete that may be a
// look from before it was made. Another deletion tells: services that take names ask no copy that
// is late then. Of an id that AWS has assigned, EC2 does, and shows later what has gone.
Task<bool> Engine::gone_with_deletion(Pass& pass) {
  if (!pass.removed) co_return false;
  if (!goes_slowly(pass)) co_return true;
  if (pass.definition.identity.chosen.empty()) co_return false;
  const auto again = co_await send_removal(pass);
  co_return !again && says_absent(pass, again.error());
}

Task<Outcome> Engine::forget(Pass& pass, const planning::Plan& plan) {
  if (!pass.seen && !pass.observed.ended) {
    const bool gone = co_await gone_with_deletion(pass);
    Result<void> absent;
    if (!gone) absent = co_await believe_absence(pass);
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
  forget_parts(pass);
  co_return Outcome{Gone{}};
}

}  // namespace infra::reconcile
