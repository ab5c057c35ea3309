#include "reconcile/finalizer.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "planning/decide.h"

namespace infra::reconcile {
namespace {

// The first is what we write.
std::array<std::string, 2> spellings(const definition::Definition& definition) {
  std::string kind = definition.kind;
  std::ranges::transform(kind, kind.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string group(planning::kGroup);
  return {group + "/" + kind + "-finalizer", kind + "." + group + "/finalizer"};
}

bool is_ours(const definition::Definition& definition, const std::string& finalizer) {
  const auto ours = spellings(definition);
  return std::ranges::find(ours, finalizer) != ours.end();
}

}  // namespace

bool holds_finalizer(const definition::Definition& definition, const Object& object) {
  return std::ranges::any_of(object.finalizers(), [&definition](const std::string& finalizer) {
    return is_ours(definition, finalizer);
  });
}

JsonObject hold_patch(const definition::Definition& definition, const Object& object) {
  JsonArray all;
  for (const auto& finalizer : object.finalizers()) all.emplace_back(finalizer);
  all.emplace_back(spellings(definition).front());
  return JsonObject{{"finalizers", std::move(all)}};
}

JsonObject release_patch(const definition::Definition& definition, const Object& object) {
  JsonArray rest;
  for (const auto& finalizer : object.finalizers()) {
    if (!is_ours(definition, finalizer)) rest.emplace_back(finalizer);
  }
  return JsonObject{{"finalizers", std::move(rest)}};
}

}  // namespace infra::reconcile
