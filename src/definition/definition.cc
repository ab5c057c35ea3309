#include "definition/definition.h"

#include <algorithm>

namespace infra::definition {

std::string Reference::selector() const { return as.substr(0, as.rfind("Ref")) + "Selector"; }

const Field* Definition::field(std::string_view name) const {
  const auto found = std::ranges::find(spec, name, &Field::name);
  return found == spec.end() ? nullptr : &*found;
}

}  // namespace infra::definition
