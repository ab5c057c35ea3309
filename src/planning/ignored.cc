#include "planning/ignored.h"

#include <algorithm>

#include "base/text.h"
#include "definition/references.h"
#include "planning/form.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

using definition::Definition;
using definition::Field;

constexpr std::string_view kTag = "tags.";

std::string_view head_of(std::string_view path) { return path.substr(0, path.find('.')); }

bool is_owner_tag(std::string_view key) { return key.starts_with(std::string(kGroup) + "/"); }

// What is said to the operator, and the name that says which resource is meant.
bool is_for_us(const Definition& definition, std::string_view path) {
  return head_of(path) == "providerRef" || path == "deletionPolicy" ||
         path == definition.identity.chosen;
}

bool can_be_ignored(const Definition& definition, std::string_view path) {
  if (path.starts_with(kTag)) return definition.tags && !is_owner_tag(path.substr(kTag.size()));
  const bool in_a_list = path.find('[') != std::string_view::npos;  // lists are compared whole
  return !in_a_list && !is_for_us(definition, path) &&
         definition::field_at(definition, path) != nullptr;
}

std::string name_of(const Definition& definition, std::string_view path) {
  const Field* field = definition.field(path);
  const bool becomes_tag = field != nullptr && !field->tag.empty();
  return becomes_tag ? std::string(kTag) + field->tag : std::string(path);
}

}  // namespace

std::vector<std::string> ignored_paths(const Definition& definition, std::string_view annotation,
                                       const std::vector<std::string>& providers) {
  std::vector<std::string> out = split_list(annotation);
  std::ranges::copy_if(providers, std::back_inserter(out), [&definition](const std::string& path) {
    return can_be_ignored(definition, path);
  });
  for (auto& path : out) path = name_of(definition, path);
  return out;
}

std::vector<std::string> invalid_ignored(const Definition& definition,
                                         const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const auto& path : paths) {
    if (can_be_ignored(definition, path)) continue;
    out.push_back(
        "the annotation " + std::string(kGroup) + "/ignore-fields names " + path +
        ", which is nothing of " + definition.kind +
        " that can be left to others; name a field of spec, a member of one, or tags.KEY");
  }
  return out;
}

bool is_ignored(const Desired& desired, std::string_view path) {
  return !desired.intent_open && std::ranges::find(desired.ignored, path) != desired.ignored.end();
}

bool is_ignored_tag(const Desired& desired, std::string_view key) {
  if (is_owner_tag(key)) return false;
  return is_ignored(desired, "tags") || is_ignored(desired, std::string(kTag) + std::string(key));
}

void take_ignored(const Definition& definition, const Observed& observed, Desired& desired) {
  if (desired.intent_open) return;
  for (const auto& path : desired.ignored) {
    const Field* field = definition.field(head_of(path));
    const bool declared = field != nullptr && find_path(desired.spec, path) != nullptr;
    if (!declared || head_of(path) == "tags") continue;
    const Json theirs = JsonObject{{field->name, as_in_aws(definition, *field, observed)}};
    const Json* value = find_path(theirs, path);
    if (value == nullptr || value->is_null()) {
      erase_path(desired.spec, path);
    } else {
      set_path(desired.spec, path, *value);
    }
  }
}

}  // namespace infra::planning
