#pragma once

#include <optional>
#include <string>
#include <vector>

#include "definition/definition.h"
#include "planning/decide.h"
#include "planning/drift.h"
#include "reconcile/drift_record.h"
#include "reconcile/engine.h"
#include "reconcile/finalizer.h"
#include "reconcile/outcome.h"

namespace infra::reconcile {

// Everything one reconcile knows; lives on the coroutine's frame.
struct Engine::Pass {
  const definition::Definition& definition;
  Object object;
  Cloud& cloud;
  ObjectStore& store;
  planning::Desired desired;
  std::string digest;  // of it, before fields that are left to others were filled in
  std::string id;      // empty: not known
  // ${item} of a child set, in spec's vocabulary, its field (null: a plain text), and ${found}.
  Json item;
  const definition::Field* item_field = nullptr;
  Json found;
  planning::TagMap tags_to_set;             // ${tags}
  std::vector<std::string> tags_to_remove;  // ${tagKeys}
  planning::Observed observed;              // as last read
  // Of reads since the last change, by call and input; refusals too.
  std::map<std::string, Result<Json>> answers;
  bool seen = false;     // present in this pass
  bool ours = true;      // what was seen belongs to this object
  bool made = false;     // by this pass
  bool removed = false;  // AWS accepted its deletion in this pass
  bool corrected = false;
  std::vector<planning::Difference> drift;       // what the first look of this pass found
  DriftNews news;                                // what of it is to be told
  std::optional<SteadyTime::duration> compared;  // how long the first look took, up to the plan
  JsonObject notes;             // status fields about what was just written, saved with the id
  std::optional<Error> untold;  // why the outcome could not be saved

  // The value of "${name}" in a call.
  std::optional<Json> lookup(std::string_view name) const;
};

inline constexpr Duration kRecheck{2'000};

// A key of our group, for tags and annotations.
std::string group_key(std::string_view name);

// `spec`: what stands in for the object's own, with all that it takes from elsewhere.
planning::Desired desired_of(const definition::Definition& definition, const Object& object,
                             const Json& spec, const Cloud& cloud, const std::string& cluster,
                             WallTime now);
// Stands for all that is declared, whether it comes from spec, a Secret, another object or the
// provider.
std::string declared_digest(const planning::Desired& desired);
// What AWS was told at `when` (RFC 3339) it shows by now, whichever machine's clock said so.
bool surely_shown(const definition::Definition& definition, const std::string& when, WallTime now);
// An intent to create is open: its outcome is not known.
bool intent_open(const Object& object);
// When it is deleted: by its policy, or because it is only observed.
bool leaves_its_resource(const definition::Definition& definition, const Object& object);
// There is a resource of this object, or a create that may have made one.
bool has_begun(const definition::Definition& definition, const Object& object);
// The id in AWS: as noted earlier, or the name that the user chose; empty if not known.
std::string known_id(const definition::Definition& definition, const planning::Desired& desired);

// Whether the conditions of a call hold: `when`, `unless` and `needs`.
bool applies(const Engine::Pass& pass, const definition::Call& call);
// Names of what is ours to take away, with more of them; sorted, each once.
std::vector<std::string> with_names(std::vector<std::string> noted,
                                    const std::vector<std::string>& more);
// Puts into the notes what a status field is to remember of a value about to be written: it, and
// what was written before and may still be there.
void note_writing(Engine::Pass& pass, const definition::StatusField& field);
// The same once it has been written, and all else taken away.
void note_written(Engine::Pass& pass, const definition::StatusField& field);

// After an update: what it has changed is read again, and with it the state of the resource; the
// rest is as it was seen a moment ago.
void forget_changed(Engine::Pass& pass, const planning::Plan& plan);

// The part of AWS's answers that a status field comes from; null if it was not read.
const Json* source_of(const Engine::Pass& pass, const definition::StatusField& field);

// Notes in status the id that AWS has assigned.
void note_assigned_id(const Engine::Pass& pass, Json& status);
// Notes in status where the resource is, or is about to be made.
void note_location(const Engine::Pass& pass, Json& status);
// Blocked if that is somewhere else than where the provider leads.
std::optional<Outcome> check_location(const Engine::Pass& pass);

// How a reconcile ends that met this error.
Outcome failed_outcome(const Error& error);
// The same, but for what is only to be confirmed by a later look.
Outcome waiting_or_failed(const Error& error);

}  // namespace infra::reconcile
