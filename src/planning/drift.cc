#include "planning/drift.h"

#include <algorithm>

#include "base/text.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

using definition::Definition;
using definition::Field;

constexpr std::string_view kTags = "tags.";
constexpr std::string_view kLow = "low", kHigh = "high";
constexpr std::size_t kLongest = 200;

std::string told(const Json* value) {
  if (value == nullptr || value->is_null()) return {};
  const bool plain = value->is_string();
  return shortened(plain ? std::string(value->get_string()) : canonical(*value), kLongest);
}

std::string told(const TagMap& tags, const std::string& key) {
  const auto found = tags.find(key);
  return found == tags.end() ? std::string() : shortened(found->second, kLongest);
}

Difference of_tag(const Desired& desired, const Observed& observed, const std::string& path) {
  const std::string key = path.substr(kTags.size());
  return {.path = path,
          .expected = told(desired.tags, key),
          .actual = told(observed.tags, key),
          .severity = kLow};
}

// It, or something within it.
bool is_secret(const Field& field) {
  return field.secret || field.type == definition::Type::kSecretKey ||
         std::ranges::any_of(field.fields, is_secret);
}

Difference of_field(const Definition& definition, const Desired& desired, const Observed& observed,
                    const std::string& path) {
  Difference out{.path = path, .expected = {}, .actual = {}, .severity = severity_of(path)};
  const auto dot = path.find('.');
  const Field* field = definition.field(path.substr(0, dot));
  if (field == nullptr) return out;
  if (is_secret(*field)) {
    out.expected = out.actual = "***";
    return out;
  }
  const Json shown = as_in_aws(definition, *field, observed);
  out.expected = told(find_path(desired.spec, path));
  out.actual = told(dot == std::string::npos ? &shown : find_path(shown, path.substr(dot + 1)));
  return out;
}

void add_items(const Definition& definition, const definition::ChildSet& set,
               const std::vector<Item>& items, std::vector<Difference>& out) {
  for (const Item& item : items) {
    const Json shown =
        item.found.is_null() ? Json() : found_item(definition, set, item.found).value;
    out.push_back({.path = path_of(set, item),
                   .expected = told(&item.value),
                   .actual = told(&shown),
                   .severity = severity_of(set.field)});
  }
}

}  // namespace

std::string_view severity_of(std::string_view path) {
  return path.starts_with(kTags) ? kLow : kHigh;
}

std::string_view severity_of(const std::vector<Difference>& found) {
  const bool low =
      std::ranges::all_of(found, [](const Difference& one) { return one.severity == kLow; });
  return low ? kLow : kHigh;
}

std::vector<Difference> differences(const Definition& definition, const Desired& desired,
                                    const Observed& observed, const Plan& plan) {
  if (!observed.present) {
    return {{.path = "resource", .expected = "there", .actual = "gone", .severity = kHigh}};
  }
  std::vector<Difference> out;
  const auto of_a_set = [&definition](const std::string& path) {
    return std::ranges::any_of(definition.sets, [&path](const auto& set) {
      return path == set.field || path.starts_with(set.field + "[");
    });
  };
  for (const std::string& path : plan.paths) {
    if (path.starts_with(kTags)) {
      out.push_back(of_tag(desired, observed, path));
    } else if (!of_a_set(path)) {
      out.push_back(of_field(definition, desired, observed, path));
    }
  }
  for (const definition::ChildSet& set : definition.sets) {
    const auto change = plan.sets.find(set.field);
    if (change == plan.sets.end()) continue;
    for (const auto* items : {&change->second.add, &change->second.change, &change->second.remove})
      add_items(definition, set, *items, out);
  }
  return out;
}

}  // namespace infra::planning
