#include "planning/decide.h"

#include <algorithm>
#include <optional>

#include "base/keyed_hash.h"
#include "planning/form.h"
#include "planning/ignored.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

using definition::ChildSet;
using definition::Definition;
using definition::Facet;
using definition::Field;

std::string tag_or_empty(const TagMap& tags, const std::string& key) {
  const auto found = tags.find(key);
  return found == tags.end() ? std::string{} : found->second;
}

std::string key_of(std::string_view part) { return std::string(kGroup) + "/" + std::string(part); }

// The owner tag is part of the create: what has been made has it, as soon as AWS shows the tags.
bool tagged_at_create(const Definition& definition) {
  return boost::json::serialize(definition.create.input).find("${tags}") != std::string::npos;
}

bool is_noted(const Desired& desired, const Observed& observed) {
  return !desired.recorded_id.empty() && desired.recorded_id == observed.id;
}

// We noted its id, and not from the answer of a create that may mean what was there before.
bool proven_by_id(const Definition& definition, const Desired& desired, const Observed& observed) {
  const bool noted = is_noted(desired, observed);
  return noted && !(desired.intent_open && definition.identity.answers_existing);
}

// Nothing tells yet whose it is: a create of ours was sent, and its tags may be late.
bool owner_unknown(const Definition& definition, const Desired& desired, const Observed& observed) {
  return definition.tags && desired.creating && !desired.adopt && tagged_at_create(definition) &&
         tag_or_empty(observed.tags, owner_tag()).empty() &&
         !proven_by_id(definition, desired, observed);
}

Plan wait_for_owner() {
  return Plan{.action = Action::kWait,
              .reason = std::string(kOwnerUnknown),
              .message = "A create was sent; waiting for AWS to show by its tags what it made",
              .wait = Duration{2'000}};
}

// Noted by the object that had this one's name before: a restored backup has a new uid but the same
// cluster, namespace and name. Not while our own create is open: what that made has our tag, and in
// us-east-1 S3 answers it with a bucket that was there.
bool is_inherited(const Desired& desired, const Observed& observed) {
  const bool noted = is_noted(desired, observed);
  const bool made = desired.intent_open && text_at(desired.status, "creation.token") == desired.uid;
  return noted && !made && tag_or_empty(observed.tags, key_of("cluster")) == desired.cluster &&
         tag_or_empty(observed.tags, key_of("namespace")) == desired.namespace_name &&
         tag_or_empty(observed.tags, key_of("name")) == desired.name;
}

// Ours if the owner tag says so, or if we noted its id earlier and no other object's tag is on it.
bool is_ours(const Definition& definition, const Desired& desired, const Observed& observed) {
  if (!definition.tags) return true;
  const std::string uid = tag_or_empty(observed.tags, owner_tag());
  if (uid == desired.uid) return true;
  const bool noted = is_noted(desired, observed);
  if (uid.empty() && tagged_at_create(definition)) {
    return desired.adopt || proven_by_id(definition, desired, observed);
  }
  if (uid.empty()) return noted || desired.adopt || desired.creating;
  return is_inherited(desired, observed);
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

// ": what AWS says", or nothing.
std::string reason_of(const definition::States& states, const Json& resource) {
  if (states.why.empty()) return {};
  const auto why = read_path(resource, states.why);
  return why && why->is_string() ? ": " + std::string(why->get_string()) : std::string{};
}

std::optional<Plan> by_state(const Definition& definition, const Desired& desired,
                             const Observed& observed) {
  const auto& states = definition.states;
  if (states.at.empty()) return std::nullopt;
  const std::string state = state_of(states, observed.resource);
  if (contains(states.gone, state)) {
    if (desired.deleting) return Plan{.action = Action::kForget, .reason = "Deleted"};
    return Plan{.action = Action::kBlock,
                .reason = "ScheduledForDeletion",
                .message = "AWS reports state " + state +
                           "; cancel the deletion in AWS, or delete this object"};
  }
  if (desired.deleting) return std::nullopt;
  if (contains(states.failed, state)) {
    return Plan{.action = Action::kBlock,
                .reason = "ResourceFailed",
                .message = "AWS reports state " + state + reason_of(states, observed.resource)};
  }
  if (contains(states.ready, state)) return std::nullopt;
  return Plan{.action = Action::kWait,
              .reason = "InProgress",
              .message = "AWS reports state " + (state.empty() ? "unknown" : state),
              .wait = Duration{2'000}};
}

bool remembered_differs(const Definition& definition, const Desired& desired, const Facet& facet) {
  const Json* declared = find_path(desired.spec, facet.remembered);
  if (declared == nullptr) return false;
  for (const auto& status : definition.status) {
    if (status.hash == facet.remembered) {
      const std::string noted = text_at(desired.status, status.field.name);
      return noted != digest(desired.uid, *declared);
    }
  }
  return false;
}

void compare_facet(const Definition& definition, const Desired& desired, const Observed& observed,
                   const Facet& facet, Plan& plan) {
  if (!definition::holds(facet.condition, desired.spec)) return;
  std::vector<std::string> differing;
  if (!facet.remembered.empty()) {
    if (remembered_differs(definition, desired, facet)) differing.push_back(facet.remembered);
  }
  const auto answer = observed.facets.find(facet.name);
  for (const std::string& name : facet.fields) {
    const Field* field = definition.field(name);
    const Json* declared = find_path(desired.spec, name);
    if (field == nullptr || declared == nullptr || name == definition.identity.chosen) continue;
    if (is_off(*field, desired.spec)) continue;
    std::optional<Json> theirs;
    if (answer != observed.facets.end()) theirs = value_in(*field, answer->second);
    add_differences(*field, *declared, theirs, name, differing);
  }
  const bool half_done = !facet.begun.empty() &&
                         find_path(desired.status, facet.begun) != nullptr &&
                         *find_path(desired.status, facet.begun) == Json(true);
  if (half_done && differing.empty()) differing.push_back(facet.fields.front());
  // Something written under an earlier name may still be there.
  for (const auto& call : facet.write) {
    const bool left = !call.replaces.empty() && in_use(facet, desired.spec) &&
                      !replaced(definition, desired.status, desired.spec, call.replaces).empty();
    if (left) differing.push_back(call.replaces);
  }
  if (differing.empty()) return;
  plan.paths.insert(plan.paths.end(), differing.begin(), differing.end());
  plan.facets.push_back(facet.name);
}

void compare_sets(const Definition& definition, const Desired& desired, const Observed& observed,
                  Plan& plan) {
  for (const ChildSet& set : definition.sets) {
    const auto found = observed.sets.find(set.field);
    if (found == observed.sets.end() || is_ignored(desired, set.field)) continue;
    auto change = compare_set(definition, set, desired.spec, found->second,
                              texts_at(desired.status, set.noted), plan.paths);
    if (!change.empty()) plan.sets[set.field] = std::move(change);
  }
}

// AWS's own tags cannot be removed.
bool may_go(const Desired& desired, const std::string& key) {
  if (desired.tags.contains(key) || is_reserved_tag(key)) return false;
  return desired.removes_foreign_tags || contains(desired.managed_keys, key);
}

void compare_tags(const Desired& desired, const Observed& observed, Plan& plan) {
  for (const auto& [key, value] : desired.tags) {
    const auto found = observed.tags.find(key);
    const bool same = found != observed.tags.end() && found->second == value;
    if (same || is_ignored_tag(desired, key)) continue;
    plan.set_tags[key] = value;
    plan.paths.push_back("tags." + key);
  }
  for (const auto& [key, value] : observed.tags) {
    if (!may_go(desired, key) || is_ignored_tag(desired, key)) continue;
    plan.remove_tags.push_back(key);
    plan.paths.push_back("tags." + key);
  }
  plan.all_tags = observed.tags;
  for (const auto& [key, value] : plan.set_tags) plan.all_tags[key] = value;
  for (const auto& key : plan.remove_tags) plan.all_tags.erase(key);
}

std::string joined(const std::vector<std::string>& paths) {
  std::string out;
  for (const auto& path : paths) out += (out.empty() ? "" : ", ") + path;
  return out;
}

Plan immutable(std::vector<std::string> paths) {
  return Plan{.action = Action::kBlock,
              .reason = "Immutable",
              .message = "AWS cannot change " + joined(paths) +
                         "; set the old value again, or delete the object and make a new one",
              .paths = std::move(paths)};
}

// A field that no call can change: say so rather than try for ever.
std::optional<Plan> unchangeable(const Definition& definition, const Plan& plan) {
  for (const ChildSet& set : definition.sets) {
    const auto found = plan.sets.find(set.field);
    if (found == plan.sets.end() || !set.change.empty() || found->second.change.empty()) continue;
    std::vector<std::string> paths;
    for (const Item& item : found->second.change) paths.push_back(path_of(set, item));
    return immutable(std::move(paths));
  }
  for (const Facet& facet : definition.facets) {
    if (!facet.write.empty() || !contains(plan.facets, facet.name)) continue;
    return immutable(plan.paths);
  }
  return std::nullopt;
}

bool leaves_drift(const Desired& desired) { return desired.settled && !desired.heals; }

// It was there, and an empty one in its place would pass for it.
bool has_lost_data(const Definition& definition, const Desired& desired) {
  return definition.holds_data && !desired.recorded_id.empty() && !desired.intent_open;
}

Plan lost(const Definition& definition, const Desired& desired) {
  return Plan{.action = Action::kBlock,
              .reason = std::string(kDataLost),
              .message = definition.kind + " " + desired.recorded_id +
                         " has gone from AWS with what it held; restore it there, or have an empty "
                         "one made with the annotation " +
                         key_of("recreate") + ": \"true\""};
}

Plan left_so(Plan plan, const Desired& desired) {
  plan.action = Action::kBlock;
  plan.reason = kDrifted;
  plan.message = (desired.observe_only ? "Differs from AWS and is only observed: "
                                       : "Was changed in AWS, and is not to be put right: ") +
                 joined(plan.paths);
  return plan;
}

Plan plan_update(const Definition& definition, const Desired& desired, const Observed& observed) {
  Plan plan;
  for (const Facet& facet : definition.facets) {
    compare_facet(definition, desired, observed, facet, plan);
  }
  compare_sets(definition, desired, observed, plan);
  if (definition.tags) compare_tags(desired, observed, plan);
  if (plan.paths.empty()) {
    return Plan{.action = Action::kNothing, .reason = "Available", .message = "In sync with AWS"};
  }
  if (auto refused = unchangeable(definition, plan)) return *refused;
  if (desired.observe_only || leaves_drift(desired)) return left_so(std::move(plan), desired);
  plan.action = Action::kUpdate;
  plan.reason = "Updated";
  plan.message = "Changed " + joined(plan.paths);
  return plan;
}

// What was declared or added for this object, and is there.
std::vector<Item> items_to_take(const Definition& definition, const ChildSet& set,
                                const Desired& desired, const std::vector<Item>& found) {
  const std::vector<std::string> added = texts_at(desired.status, set.noted);
  const std::vector<std::string> declared = declared_keys(definition, set, desired.spec);
  std::vector<Item> out;
  for (const Item& item : found) {
    if (contains(added, item.key) || contains(declared, item.key)) out.push_back(item);
  }
  return out;
}

Plan plan_delete(const Definition& definition, const Desired& desired, const Observed& observed) {
  if (!observed.present) return Plan{.action = Action::kForget, .reason = "Deleted"};
  const std::string policy = text_at(desired.spec, "deletionPolicy");
  if (policy == "Retain" || policy == "Orphan" || desired.observe_only) {
    return Plan{.action = Action::kForget,
                .reason = "Retained",
                .message = "Left in AWS, as the deletion policy says"};
  }
  if (owner_unknown(definition, desired, observed)) return wait_for_owner();
  if (!is_ours(definition, desired, observed)) {
    return Plan{.action = Action::kForget,
                .reason = std::string(kNotOurs),
                .message = "Left in AWS: it does not belong to this object"};
  }
  if (definition.instead.contains(policy)) {
    return Plan{.action = Action::kRelease,
                .reason = "Retained",
                .message = "Left in AWS after deletion policy " + policy};
  }
  if (auto state = by_state(definition, desired, observed)) return *state;
  Plan plan{.action = Action::kDelete, .reason = "Deleting"};
  for (const ChildSet& set : definition.sets) {
    const auto found = observed.sets.find(set.field);
    if (!set.remove_first || found == observed.sets.end()) continue;
    auto ours = items_to_take(definition, set, desired, found->second);
    if (!ours.empty()) plan.sets[set.field].remove = std::move(ours);
  }
  return plan;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kNothing: return "nothing";
    case Action::kCreate: return "create";
    case Action::kUpdate: return "update";
    case Action::kDelete: return "delete";
    case Action::kWait: return "wait";
    case Action::kBlock: return "block";
    case Action::kForget: return "forget";
    case Action::kRelease: return "release";
  }
  return "nothing";
}

std::string state_of(const definition::States& states, const Json& resource) {
  if (states.at.empty()) return {};
  const auto state = read_path(resource, states.at);
  if (state && !states.some.empty()) return states.some;
  return state && state->is_string() ? std::string(state->get_string()) : states.none;
}

Json as_in_aws(const Definition& definition, const Field& field, const Observed& observed) {
  for (const Facet& facet : definition.facets) {
    const auto answer = observed.facets.find(facet.name);
    const bool shows = std::ranges::find(facet.fields, field.name) != facet.fields.end();
    if (!shows || answer == observed.facets.end()) continue;
    auto value = value_in(field, answer->second);
    if (value) return std::move(*value);
  }
  return {};
}

bool in_use(const Facet& facet, const Json& spec) {
  return definition::holds(facet.condition, spec) &&
         std::ranges::any_of(facet.fields, [&spec](const std::string& name) {
           return find_path(spec, name) != nullptr;
         });
}

bool in_use(const ChildSet& set, const Json& spec, const Json& status) {
  return find_path(spec, set.field) != nullptr || !texts_at(status, set.noted).empty();
}

std::string owner_tag() { return key_of("uid"); }

std::string digest(const std::string& uid, const Json& value) {
  return keyed_hash(uid, canonical(value));
}

std::vector<std::string> replaced(const Definition& definition, const Json& status,
                                  const Json& spec, std::string_view name) {
  std::vector<std::string> out;
  const auto field = std::ranges::find_if(
      definition.status, [name](const auto& one) { return one.field.name == name; });
  const Json* noted = find_path(status, name);
  if (noted == nullptr || !noted->is_array() || field == definition.status.end()) return out;
  const std::string now = text_at(spec, field->written);
  for (const Json& one : noted->get_array()) {
    if (one.is_string() && one.get_string() != now) out.emplace_back(one.get_string());
  }
  return out;
}

Plan decide(const Definition& definition, const Desired& desired, const Observed& observed) {
  if (desired.deleting) return plan_delete(definition, desired, observed);
  if (!observed.present) {
    if (desired.observe_only) {
      return Plan{.action = Action::kBlock,
                  .reason = "NotFound",
                  .message = "Not in AWS, and the object is only observed"};
    }
    if (leaves_drift(desired)) {
      return Plan{.action = Action::kBlock,
                  .reason = std::string(kDrifted),
                  .message = "Has gone from AWS, and is not to be put right"};
    }
    if (has_lost_data(definition, desired) && !desired.recreates) return lost(definition, desired);
    return Plan{.action = Action::kCreate, .reason = "Creating"};
  }
  if (owner_unknown(definition, desired, observed)) return wait_for_owner();
  if (!is_ours(definition, desired, observed)) {
    return Plan{.action = Action::kBlock,
                .reason = std::string(kNotOurs),
                .message = definition.kind + " " + observed.id +
                           " exists in AWS and does not belong to this object; choose another "
                           "name, or set the annotation " +
                           key_of("adopt") + ": \"true\" to take it over"};
  }
  if (auto state = by_state(definition, desired, observed)) return *state;
  return plan_update(definition, desired, observed);
}

}  // namespace infra::planning
