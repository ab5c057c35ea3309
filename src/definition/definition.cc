#include "definition/definition.h"

#include <algorithm>

namespace infra::definition {

std::string Reference::selector() const { return as.substr(0, as.rfind("Ref")) + "Selector"; }

const Field* Definition::field(std::string_view name) const {
  const auto found = std::ranges::find(spec, name, &Field::name);
  return found == spec.end() ? nullptr : &*found;
}

bool holds(const Condition& condition, const Json& spec) {
  const auto has = [&spec](const auto& member) {
    const Json* value = find_path(spec, member.first);
    return value != nullptr && same(*value, member.second);
  };
  if (!std::ranges::all_of(condition.when, has)) return false;
  return condition.unless.empty() || !std::ranges::all_of(condition.unless, has);
}

const Definition& variant_for(const Definition& definition, const Json& spec) {
  const auto found = std::ranges::find_if(definition.variants, [&spec](const Definition& variant) {
    return holds(variant.variant, spec);
  });
  return found == definition.variants.end() ? definition : *found;
}

bool is_read_together(const Definition& definition) {
  if (definition.facets.empty() || !definition.facets.front().together) return false;
  const auto& read = definition.facets.front().read;
  const auto is_part = [&read](const Facet& facet) {
    return facet.read.operation.empty() || facet.read.operation == read.operation;
  };
  const auto is_read = [](const ChildSet& set) { return set.read.has_value(); };
  return std::ranges::all_of(definition.facets, is_part) &&
         std::ranges::none_of(definition.sets, is_read) &&
         !(definition.tags && definition.tags->read);
}

}  // namespace infra::definition
