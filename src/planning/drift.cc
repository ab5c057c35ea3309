#include "planning/drift.h"

#include <algorithm>

#include "base/text.h"
#include "definition/references.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

using definition::Definition;
using definition::Field;

constexpr std::string_view kTags = "tags.";
constexpr std::string_view kLow = "low", kHigh = "high", kCritical = "critical";
constexpr std::size_t kLongest = 200;

std::size_t rank_of(std::string_view severity) {
  const auto& all = definition::kSeverities;
  return std::size_t(std::ranges::find(all, severity) - all.begin());
}

// That of the innermost field on the path that has one. Tags change nothing of what a resource
// does.
std::string_view severity_at(const Definition& definition, std::string_view path) {
  if (path.starts_with(kTags)) return kLow;
  for (std::string_view at = path; !at.empty();) {
    const Field* field = definition::field_at(definition, at);
    if (field != nullptr && !field->severity.empty()) return field->severity;
    const auto dot = at.rfind('.');
    at = dot == std::string_view::npos ? std::string_view() : at.substr(0, dot);
  }
  return kHigh;
}

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
  Difference out{
      .path = path, .expected = {}, .actual = {}, .severity = severity_at(definition, path)};
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
                   .severity = severity_at(definition, set.field)});
  }
}

}  // namespace

void keep_severe(std::string_view threshold, std::vector<Difference>& found) {
  std::erase_if(found, [least = rank_of(threshold)](const Difference& one) {
    return rank_of(one.severity) < least;
  });
}

std::string_view severity_of(const std::vector<Difference>& found) {
  const auto worst = std::ranges::max_element(
      found, {}, [](const Difference& one) { return rank_of(one.severity); });
  return worst == found.end() ? std::string_view() : worst->severity;
}

std::vector<Difference> differences(const Definition& definition, const Desired& desired,
                                    const Observed& observed, const Plan& plan) {
  if (!observed.present) {
    return {{.path = "resource", .expected = "there", .actual = "gone", .severity = kCritical}};
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
