#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "definition/definition.h"
#include "planning/decide.h"

namespace infra::planning {

// Fields whose management was given up: the annotation ignore-fields, "description, tags.Team".
// What is made for the object is made as its spec says; once that is settled, whatever AWS has in
// them counts as declared.

// The paths that the annotation lists, and those of the provider's that this kind has; a field that
// becomes a tag is named as that.
std::vector<std::string> ignored_paths(const definition::Definition& definition,
                                       std::string_view annotation,
                                       const std::vector<std::string>& providers);

// What is wrong with such paths, a sentence each: there is no such field, or it says whose the
// resource is.
std::vector<std::string> invalid_ignored(const definition::Definition& definition,
                                         const std::vector<std::string>& paths);

bool is_ignored(const Desired& desired, std::string_view path);
bool is_ignored_tag(const Desired& desired, std::string_view key);

// Puts into the desired spec what AWS has in the ignored fields, so that neither a comparison nor a
// call that has to carry a neighbour changes them. For a resource that is there.
void take_ignored(const definition::Definition& definition, const Observed& observed,
                  Desired& desired);

}  // namespace infra::planning
