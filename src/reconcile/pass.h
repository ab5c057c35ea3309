#pragma once

#include <optional>
#include <string>

#include "definition/definition.h"
#include "planning/decide.h"
#include "reconcile/engine.h"

namespace infra::reconcile {

// Everything one reconcile knows; lives on the coroutine's frame.
struct Engine::Pass {
  const definition::Definition& definition;
  Object object;
  Cloud& cloud;
  ObjectStore& store;
  planning::Desired desired;
  std::string id;                           // empty: not known
  std::string item;                         // ${item} of a child set
  planning::TagMap tags_to_set;             // ${tags}
  std::vector<std::string> tags_to_remove;  // ${tagKeys}
  Json resource;                            // the first facet as last read
  bool seen = false;                        // present in this pass
  bool removed = false;                     // AWS accepted its deletion in this pass
  bool corrected = false;
  std::vector<std::string> paths;
  std::string hash_written;  // the remembered field was just written

  // The value of "${name}" in a call.
  std::optional<Json> lookup(std::string_view name) const;
};

std::string finalizer_of(const definition::Definition& definition);
bool holds_finalizer(const definition::Definition& definition, const Object& object);

}  // namespace infra::reconcile
