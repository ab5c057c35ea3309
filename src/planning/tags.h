#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::planning {

using TagMap = std::map<std::string, std::string>;

// What a provider says about the tags of what is made through it.
struct TagPolicy {
  TagMap defaults;               // an object's own tags win
  bool removes_foreign = false;  // tags that nobody declares are taken away
};

// Puts the tags that a map in a spec holds over those that are there.
void add_tags(const Json& spec, std::string_view field, TagMap& tags);

// AWS keeps the prefix "aws:" to itself, in any case of letters (AWS General Reference, "Tagging
// AWS resources").
bool is_reserved_tag(std::string_view key);

// What AWS would refuse of the tags that one resource is to have, a sentence each (the same page).
std::vector<std::string> invalid_tags(const TagMap& tags);

}  // namespace infra::planning
