// Update: writes the facets, sets and tags that the plan names.
#include <algorithm>

#include "planning/path.h"
#include "reconcile/pass.h"
#include "reconcile/tag_keys.h"

namespace infra::reconcile {
namespace {

constexpr int kSameDifference = 3;  // writes of one difference before we stop
// After the first write of a difference; twice as long after each further one. Most of what AWS
// shows late it shows within a minute.
constexpr Duration kShownAfter{20'000};

// Says which difference an update is about to remove, and from which spec: by its digest, as it may
// hold values of Secrets.
std::string signature_of(const Engine::Pass& pass, const planning::Plan& plan) {
  return plan.message + planning::digest(pass.desired.uid, pass.desired.spec);
}

// The note of a status field speaks of something that this facet writes.
bool is_about(const definition::StatusField& field, const definition::Facet& facet) {
  if (!field.hash.empty()) return field.hash == facet.remembered;
  const std::string head = field.written.substr(0, field.written.find('.'));
  return !head.empty() && std::ranges::find(facet.fields, head) != facet.fields.end();
}

// The digest of what the spec has no more: what is written now may take its place in AWS, as one
// password that of another field.
bool is_outdated(const Engine::Pass& pass, const definition::StatusField& field) {
  return !field.hash.empty() && find_path(pass.desired.spec, field.hash) == nullptr &&
         !text_at(pass.object.status(), field.field.name).empty();
}

// What only the user, or something else in AWS, can make possible.
bool is_refusal(const Error& error) {
  return error.code == Code::kInvalid || error.code == Code::kBlocked;
}

// What AWS refuses must not hold up the other parts: one of them may be what it lacks. The first
// refusal is kept.
bool goes_on(const Error& error, Result<void>& refused) {
  if (!is_refusal(error)) return false;
  if (refused) refused = std::unexpected(error);
  return true;
}

}  // namespace

// Makes a call if its conditions hold; one with `replaces` once for each value that was replaced.
Task<Result<void>> Engine::write(Pass& pass, const definition::Call& call) {
  if (!applies(pass, call)) co_return Result<void>{};
  if (call.replaces.empty()) {
    auto written = co_await send(pass, call);
    if (!written) co_return std::unexpected(written.error());
    co_return Result<void>{};
  }
  const auto items =
      planning::replaced(pass.definition, pass.object.status(), pass.desired.spec, call.replaces);
  for (const auto& item : items) {
    pass.item = Json(item);
    pass.item_field = nullptr;
    auto written = co_await send(pass, call);
    const bool gone = !written && written.error().code == Code::kNotFound;
    if (!written && !gone) co_return std::unexpected(written.error());
  }
  co_return Result<void>{};
}

// Up to the first that fails. After one that AWS refuses come those that are made always.
Task<Result<void>> Engine::write_calls(Pass& pass, std::span<const definition::Call> calls) {
  Result<void> refused;
  for (const auto& call : calls) {
    if (!refused && !call.always) continue;
    auto written = co_await write(pass, call);
    if (!written && !goes_on(written.error(), refused)) co_return written;
  }
  co_return refused;
}

// A name is noted before it is written, and the ones before it until they have been taken away:
// whatever is interrupted, none is forgotten. What is outdated is forgotten before.
Task<Result<void>> Engine::write_facet(Pass& pass, const definition::Facet& facet) {
  for (const auto& field : pass.definition.status) {
    if (is_about(field, facet) && field.hash.empty()) note_writing(pass, field);
    if (is_outdated(pass, field)) pass.notes[field.field.name] = Json("");
  }
  if (!facet.begun.empty()) pass.notes[facet.begun] = Json(true);
  if (!pass.notes.empty()) {
    auto noted = co_await save_id(pass, pass.id);
    if (!noted) co_return noted;
  }
  auto written = co_await write_calls(pass, facet.write);
  if (!written && !is_refusal(written.error())) co_return written;
  if (!facet.begun.empty()) pass.notes[facet.begun] = Json(false);
  for (const auto& field : pass.definition.status) {
    if (written && is_about(field, facet)) note_written(pass, field);
  }
  if (pass.notes.empty()) co_return written;
  auto saved = co_await save_id(pass, pass.id);
  if (saved) pass.desired.status = pass.object.status();
  co_return written ? saved : written;
}

// Remembers which items of a set are ours to take away when the object goes.
Task<Result<void>> Engine::note_items(Pass& pass, const definition::ChildSet& set,
                                      std::vector<std::string> items) {
  if (set.noted.empty()) co_return Result<void>{};
  std::ranges::sort(items);
  JsonArray list;
  for (const auto& item : items) list.emplace_back(item);
  pass.notes[set.noted] = std::move(list);
  auto saved = co_await save_id(pass, pass.id);
  co_return saved;
}

Task<Result<void>> Engine::write_item(Pass& pass, const definition::ChildSet& set,
                                      std::span<const definition::Call> calls,
                                      const planning::Item& item) {
  pass.item = item.value;
  const auto& fields = pass.definition.field(set.field)->fields;
  pass.item_field = fields.empty() ? nullptr : &fields.front();
  pass.found = item.found;
  for (const auto& call : calls) {
    if (!applies(pass, call)) continue;
    auto written = co_await send(pass, call);
    if (!written) co_return std::unexpected(written.error());
  }
  co_return Result<void>{};
}

// Notes an item before it is added, and until it has been taken away: whatever is interrupted, a
// deletion knows of it. What was noted and is not shown stays noted: AWS may show it late. What AWS
// refuses of one item does not hold up the others.
Task<Result<void>> Engine::write_set(Pass& pass, const definition::ChildSet& set,
                                     const planning::SetChange& change) {
  auto names = with_names(planning::texts_at(pass.object.status(), set.noted),
                          planning::declared_keys(pass.definition, set, pass.desired.spec));
  auto noted = co_await note_items(pass, set, names);
  if (!noted) co_return noted;
  Result<void> refused;
  using Calls = std::span<const definition::Call>;
  const std::pair<const std::vector<planning::Item>*, Calls> steps[] = {
      {&change.change, set.change},
      {&change.add, Calls(&set.add, 1)},
      {&change.remove, Calls(&set.remove, 1)}};
  for (const auto& [items, calls] : steps) {
    for (const auto& item : *items) {
      auto written = co_await write_item(pass, set, calls, item);
      if (written) continue;
      Error error = written.error().in("cannot write " + set.field + " " + item.key);
      if (!goes_on(error, refused)) co_return std::unexpected(std::move(error));
    }
  }
  if (!refused) co_return refused;
  for (const auto& item : change.remove) std::erase(names, item.key);
  noted = co_await note_items(pass, set, std::move(names));
  co_return noted;
}

Task<Result<void>> Engine::update(Pass& pass, const planning::Plan& plan) {
  Result<void> refused;
  for (const auto& facet : pass.definition.facets) {
    if (std::ranges::find(plan.facets, facet.name) == plan.facets.end()) continue;
    auto written = co_await write_facet(pass, facet);
    if (written) note_part(pass, facet);
    if (written) continue;
    Error error = written.error().in("cannot change " + facet.name);
    if (!goes_on(error, refused)) co_return std::unexpected(std::move(error));
  }
  for (const auto& set : pass.definition.sets) {
    const auto change = plan.sets.find(set.field);
    if (change == plan.sets.end()) continue;
    auto written = co_await write_set(pass, set, change->second);
    if (written) continue;
    if (!goes_on(written.error(), refused)) co_return written;
  }
  auto tagged = co_await write_tags(pass, plan);
  if (!tagged) co_return std::unexpected(tagged.error());
  if (!refused) co_return refused;
  pass.corrected = pass.desired.settled;
  // What follows a create belongs to it.
  const bool told = pass.corrected || pass.made;
  if (!told) pass.store.record_event(pass.object, false, "Updated", plan.message);
  co_return Result<void>{};
}

// A key is noted before it is written: whatever is interrupted, it is known to be ours.
Task<Result<void>> Engine::note_tags(Pass& pass, const planning::Plan& plan) {
  const auto& managed = pass.desired.managed_keys;
  const bool known = std::ranges::all_of(plan.set_tags, [&managed](const auto& tag) {
    return std::ranges::find(managed, tag.first) != managed.end();
  });
  if (known) co_return Result<void>{};
  pass.notes["tagKeys"] = tag_keys_to_note(pass.desired);
  auto saved = co_await save_id(pass, pass.id);
  co_return saved;
}

Task<Result<void>> Engine::write_tags(Pass& pass, const planning::Plan& plan) {
  if (!pass.definition.tags) co_return Result<void>{};
  const auto& tags = *pass.definition.tags;
  const bool changes = !plan.set_tags.empty() || !plan.remove_tags.empty();
  if (!changes) co_return Result<void>{};
  auto noted = co_await note_tags(pass, plan);
  if (!noted) co_return noted;
  pass.tags_to_set = plan.set_tags;
  if (!tags.remove) {
    // One call replaces the whole set: foreign tags have to be in it to stay.
    pass.tags_to_set = plan.all_tags;
  }
  if (!pass.tags_to_set.empty()) {
    auto written = co_await send(pass, tags.add);
    if (!written) co_return std::unexpected(written.error().in("cannot set tags"));
  }
  if (tags.remove && !plan.remove_tags.empty()) {
    pass.tags_to_remove = plan.remove_tags;
    auto written = co_await send(pass, *tags.remove);
    if (!written) co_return std::unexpected(written.error().in("cannot remove tags"));
  }
  co_return Result<void>{};
}

// A difference that has just been written is given time: AWS may show it late, and writing it again
// hastens nothing. Three times, and somebody undoes it, or AWS does not keep it.
std::optional<Outcome> Engine::written_before(const Pass& pass, const planning::Plan& plan) const {
  const auto found = repeats_.find(pass.desired.uid);
  if (found == repeats_.end() || found->second.signature != signature_of(pass, plan)) {
    return std::nullopt;
  }
  const Written& last = found->second;
  const SteadyTime next = shown_by(last);
  if (clock_.steady() < next) {
    const auto left = std::chrono::duration_cast<Duration>(next - clock_.steady());
    return Waiting{.reason = "Converging",
                   .message = "AWS does not show yet what was written: " + plan.message,
                   .after = left};
  }
  if (last.count < kSameDifference) return std::nullopt;
  return Blocked{.reason = "NotConverging",
                 .message = "AWS does not keep what was written: " + plan.message};
}

SteadyTime Engine::shown_by(const Written& written) {
  return written.at + kShownAfter * (1 << std::min(written.count - 1, kSameDifference));
}

void Engine::note_update(const Pass& pass, const planning::Plan& plan) {
  note_repeat(pass, signature_of(pass, plan));
}

void Engine::note_repeat(const Pass& pass, std::string signature) {
  Written& last = repeats_[pass.desired.uid];
  last.count = last.signature == signature ? last.count + 1 : 1;
  last.signature = std::move(signature);
  last.at = clock_.steady();
}

}  // namespace infra::reconcile
