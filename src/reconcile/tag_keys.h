#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "definition/definition.h"
#include "planning/decide.h"
#include "reconcile/object.h"

namespace infra::reconcile {

// Which tags of a resource are this object's to take away: those in status.tagKeys, and, where one
// call replaces the whole set, those in status.removedTags for as long as AWS may still show them.
// A late read would otherwise pass them off as somebody else's, and we would write them back.
std::vector<std::string> managed_tag_keys(const definition::Definition& definition,
                                          const Object& object, WallTime now);

// status.tagKeys from before the declared tags are written until they have been.
Json tag_keys_to_note(const planning::Desired& desired);

// Puts the keys into a status whose resource has just the declared tags.
void note_tags_as_declared(const definition::Definition& definition,
                           const planning::Desired& desired, Json& status, WallTime now);

}  // namespace infra::reconcile
