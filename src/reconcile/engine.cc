#include "reconcile/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "planning/form.h"
#include "planning/ignored.h"
#include "planning/validate.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

using definition::Definition;
using planning::Action;
using planning::Observed;
using planning::Plan;

constexpr int kMostSteps = 4;  // observe-act rounds in one reconcile

std::optional<Outcome> check_spec(const Engine::Pass& pass) {
  if (pass.desired.deleting) return std::nullopt;
  auto problems = planning::invalid_fields(pass.definition, pass.desired.spec);
  const auto add = [&problems](const std::vector<std::string>& more) {
    problems.insert(problems.end(), more.begin(), more.end());
  };
  if (pass.definition.tags) add(planning::invalid_tags(pass.desired.tags));
  add(planning::invalid_ignored(pass.definition, pass.desired.ignored));
  if (problems.empty()) return std::nullopt;
  return Blocked{.reason = "InvalidSpec", .message = fmt::format("{}", fmt::join(problems, "; "))};
}

// No id, no create, never ready: there is nothing of ours, whatever else has its name. Whoever
// saved something since then makes the removal of the finalizer a conflict.
bool never_made(const Engine::Pass& pass) {
  const Json& status = pass.object.status();
  const Json* ready = find_path(status, "ready");
  return pass.desired.recorded_id.empty() && find_path(status, "creation") == nullptr &&
         (ready == nullptr || *ready == false);
}

bool is_throttled(const Outcome& outcome) {
  if (const auto* failed = std::get_if<Failed>(&outcome)) {
    return failed->error.code == Code::kThrottled;
  }
  const auto* waiting = std::get_if<Waiting>(&outcome);
  return waiting != nullptr && waiting->reason == to_string(Code::kThrottled);
}

// As declared when it was last looked at: that AWS has no time for another look is no news.
bool waits_for_a_look(const Engine::Pass& pass, const Outcome& outcome) {
  return is_throttled(outcome) && pass.desired.settled && !pass.seen &&
         is_ready(pass.object.json());
}

// What was made has gone, and that is to be told rather than mended.
bool tells_of_loss(const Engine::Pass& pass, const Plan& plan) {
  return !pass.seen && (plan.reason == planning::kDrifted || plan.reason == planning::kDataLost);
}

}  // namespace

Task<Report> Engine::reconcile(const Definition& kind, Object object, Json spec, Cloud& cloud,
                               ObjectStore& store) {
  const Definition& definition = definition::variant_for(kind, spec);
  Pass pass{.definition = definition, .object = std::move(object), .cloud = cloud, .store = store};
  pass.desired = desired_of(definition, pass.object, spec, cloud, cluster_, clock_.wall());
  pass.digest = declared_digest(pass.desired);
  // A create whose outcome is not known has settled nothing.
  pass.desired.settled =
      !pass.desired.intent_open && text_at(pass.object.status(), "settledSpec") == pass.digest;
  const bool hidden = may_be_hidden(pass);  // asked in any case: its time starts at the first look
  pass.desired.creating = pass.desired.intent_open && hidden;
  pass.id = known_id(definition, pass.desired);
  Outcome outcome = Settled{};
  // A paused object is left wholly alone: its status, and an open intent in it, stay as they are.
  const bool paused = pass.object.annotation("paused") == "true";
  if (!paused) outcome = co_await run(pass);
  const bool told_already = paused || waits_for_a_look(pass, outcome);
  if (!told_already && !std::holds_alternative<Gone>(outcome)) co_await report(pass, outcome);
  // Nobody knows of it yet, and who changed the object meanwhile need not have made news: soon
  // again.
  const bool told = !pass.untold || pass.untold->code == Code::kNotFound;
  if (!told && std::holds_alternative<Settled>(outcome)) outcome = failed_outcome(*pass.untold);
  co_return Report{
      .outcome = std::move(outcome),
      .corrected = pass.corrected,
      .severity = pass.news.found ? planning::severity_of(pass.drift) : std::string_view(),
      .compared = pass.compared};
}

Task<Outcome> Engine::run(Pass& pass) {
  if (pass.desired.deleting && !holds_finalizer(pass.definition, pass.object)) {
    co_return Outcome{Gone{}};
  }
  if (pass.desired.deleting && never_made(pass)) {
    const Plan nothing{.action = Action::kForget, .reason = "Deleted"};
    Outcome gone = co_await forget(pass, nothing);
    co_return gone;
  }
  if (auto elsewhere = check_location(pass)) co_return std::move(*elsewhere);
  if (auto invalid = check_spec(pass)) co_return std::move(*invalid);
  auto held = co_await hold_finalizer(pass);
  if (!held) co_return failed_outcome(held.error());
  const SteadyTime began = clock_.steady();
  for (int step = 0; step < kMostSteps; ++step) {
    if (pass.id.empty()) {
      auto found = co_await find_lost(pass);
      if (!found) co_return failed_outcome(found.error());
      pass.id = *found;
    }
    auto observed = co_await observe(pass);
    if (!observed) co_return failed_outcome(observed.error());
    pass.seen = pass.observed.present;
    const bool kept = pass.seen && !pass.desired.deleting;
    if (kept) planning::take_ignored(pass.definition, pass.observed, pass.desired);
    Plan plan = decide(pass.definition, pass.desired, pass.observed);
    if (!pass.compared) pass.compared = clock_.steady() - began;
    if (tells_of_loss(pass, plan)) {
      auto absent = co_await confirm_absence(pass);
      if (!absent) co_return waiting_or_failed(absent.error());
      if (!*absent) {
        pass.answers.clear();
        continue;
      }
    }
    note_drift(pass, plan);
    pass.ours = plan.reason != planning::kNotOurs && plan.reason != planning::kOwnerUnknown;
    auto noted = co_await note_id(pass);
    if (!noted) co_return failed_outcome(noted.error());
    if (auto resting = let_rest(pass, plan)) co_return std::move(*resting);
    bool again = false;
    Outcome outcome = co_await carry_out(pass, plan, again);
    if (!again) co_return outcome;
  }
  co_return Outcome{Waiting{
      .reason = "Converging", .message = "AWS is still taking up the changes", .after = kRecheck}};
}

// Only what the first look finds: what comes after it is of our own making. Where drift is left as
// it is, and the provider does not mind so little, there is nothing to do.
void Engine::note_drift(Pass& pass, Plan& plan) {
  const bool differs = plan.action == Action::kUpdate || plan.reason == planning::kDrifted ||
                       plan.reason == planning::kDataLost;
  if (!differs || !pass.desired.settled || !pass.drift.empty()) return;
  pass.drift = planning::differences(pass.definition, pass.desired, pass.observed, plan);
  planning::keep_severe(pass.cloud.drift_policy().threshold, pass.drift);
  const bool all_minor = plan.reason == planning::kDrifted && pass.drift.empty();
  if (all_minor) plan = Plan{};
}

// What was found by its name or tag is noted only once it has proven to be ours: a noted id counts
// as ours from then on. Also on its way out: nothing else would be left to say that there was
// something once its create is no longer open.
Task<Result<void>> Engine::note_id(Pass& pass) {
  const bool known = pass.desired.recorded_id == pass.id;
  if (!pass.seen || !pass.ours || known) co_return Result<void>{};
  auto saved = co_await save_id(pass, pass.id);
  co_return saved;
}

Task<Result<void>> Engine::hold_finalizer(Pass& pass) {
  if (holds_finalizer(pass.definition, pass.object)) co_return Result<void>{};
  JsonObject patch = hold_patch(pass.definition, pass.object);
  auto saved = co_await pass.store.patch_metadata(pass.object, std::move(patch),
                                                  ObjectStore::Check::kSameVersion);
  if (!saved) co_return std::unexpected(saved.error().in("cannot set the finalizer"));
  pass.object = std::move(*saved);
  co_return Result<void>{};
}

Task<Outcome> Engine::carry_out(Pass& pass, const Plan& plan, bool& again) {
  Result<void> done;
  switch (plan.action) {
    case Action::kNothing: {
      repeats_.erase(pass.desired.uid);
      Outcome settled = co_await publish(pass);
      co_return settled;
    }
    case Action::kBlock: co_return Outcome{Blocked{.reason = plan.reason, .message = plan.message}};
    case Action::kWait:
      co_return Outcome{
          Waiting{.reason = plan.reason, .message = plan.message, .after = plan.wait}};
    case Action::kForget: {
      Outcome gone = co_await forget(pass, plan);
      co_return gone;
    }
    case Action::kCreate:
      done = co_await create(pass);
      pass.answers.clear();
      break;
    case Action::kUpdate:
      if (auto not_again = written_before(pass, plan)) co_return std::move(*not_again);
      done = co_await update(pass, plan);
      if (done) note_update(pass, plan);
      forget_changed(pass, plan);
      break;
    case Action::kDelete:
      if (auto not_again = removed_before(pass)) co_return std::move(*not_again);
      done = co_await remove(pass, plan);
      pass.answers.clear();
      break;
    case Action::kRelease: {
      Outcome released = co_await release(pass, plan);
      co_return released;
    }
  }
  if (!done) {
    const Error& error = done.error();
    if (error.code == Code::kBlocked) {
      co_return Outcome{
          Waiting{.reason = "Blocked", .message = error.message, .after = Duration{10'000}}};
    }
    co_return waiting_or_failed(error);
  }
  again = true;
  co_return Outcome{Settled{}};
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
