#include "planning/sets.h"

#include <algorithm>

#include "definition/references.h"
#include "planning/form.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

using definition::ChildSet;
using Choices = std::map<std::string, std::vector<Json>>;
using definition::Definition;
using definition::Field;

const Field& item_field(const Definition& definition, const ChildSet& set) {
  return definition.field(set.field)->fields.front();
}

const Field* member_of(const Field& item, std::string_view name) {
  const auto found = std::ranges::find(item.fields, name, &Field::name);
  return found == item.fields.end() ? nullptr : &*found;
}

// A member with a list of values, of which an item has one.
const Field& scalar(const Field& member) {
  return member.type == definition::Type::kArray ? member.fields.front() : member;
}

// In one spelling, whoever wrote it.
std::string member_text(const Field& item, const std::string& name, const Json& value) {
  const Field* member = member_of(item, name);
  if (member == nullptr || is_off(*member, value)) return {};
  const Json* own = find_path(value, name);
  if (own == nullptr) return member->absent_as.is_null() ? "" : plain_text(member->absent_as);
  return plain_text(to_aws(scalar(*member), *own));
}

std::string key_of(const Definition& definition, const ChildSet& set, const Json& value) {
  if (set.key.empty()) return plain_text(value);
  const Field& item = item_field(definition, set);
  std::string key;
  for (const auto& name : set.key) {
    const std::string text = member_text(item, name, value);
    if (!text.empty()) key += (key.empty() ? "" : " ") + text;
  }
  return key;
}

std::vector<Json> values_of(const Json& value) {
  const auto* list = value.if_array();
  return list == nullptr ? std::vector{value} : std::vector<Json>(list->begin(), list->end());
}

// {cidrBlocks: [a, b], group: g}: one item with a, one with b, one with g.
std::vector<Json> spread(const ChildSet& set, const Json& declared) {
  if (set.each.empty()) return {declared};
  Json rest = declared;
  for (const auto& name : set.each) rest.get_object().erase(name);
  std::vector<Json> out;
  for (const auto& name : set.each) {
    const Json* all = find_path(declared, name);
    if (all == nullptr) continue;
    for (const Json& one : values_of(*all)) {
      out.push_back(rest);
      out.back().get_object()[name] = one;
    }
  }
  return out;
}

// Each member named has one of the values given.
bool matches(const Choices& choices, const Json& found) {
  return std::ranges::all_of(choices, [&found](const auto& member) {
    const auto value = read_path(found, member.first);
    return value &&
           std::ranges::any_of(member.second, [&](const Json& one) { return same(one, *value); });
  });
}

const Item* with_key(const std::vector<Item>& items, const std::string& key) {
  const auto found = std::ranges::find(items, key, &Item::key);
  return found == items.end() ? nullptr : &*found;
}

// Members of two items with the same key that differ all the same.
std::vector<std::string> differing_members(const Field& field, const ChildSet& set,
                                           const Item& declared, const Item& found) {
  std::vector<std::string> out;
  for (const Field& member : field.fields) {
    const Json* ours = find_path(declared.value, member.name);
    if (ours == nullptr || std::ranges::find(set.key, member.name) != set.key.end()) continue;
    std::optional<Json> theirs;
    if (const Json* value = find_path(found.value, member.name)) theirs = *value;
    add_differences(member, *ours, theirs, "." + member.name, out);
  }
  return out;
}

// AWS takes one change at a time: what is to go first, as it may stand in the way.
void keep_one(SetChange& change) {
  bool kept = false;
  for (auto* items : {&change.remove, &change.change, &change.add}) {
    items->resize(kept ? 0 : std::min<std::size_t>(items->size(), 1));
    kept = kept || !items->empty();
  }
}

}  // namespace

bool is_pending(const ChildSet& set, const Json& found) {
  return !set.pending.empty() && matches(set.pending, found);
}

Item found_item(const Definition& definition, const ChildSet& set, const Json& found) {
  auto value =
      set.key.empty() ? read_path(found, set.value) : from_aws(item_field(definition, set), found);
  if (!value) return {};
  std::string key = key_of(definition, set, *value);
  return {.key = std::move(key), .value = std::move(*value), .found = found};
}

std::vector<Item> declared_items(const Definition& definition, const ChildSet& set,
                                 const Json& spec) {
  std::vector<Item> out;
  const Json* list = find_path(spec, set.field);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& declared : list->get_array()) {
    for (Json& value : spread(set, declared)) {
      std::string key = key_of(definition, set, value);
      if (with_key(out, key) != nullptr) continue;
      out.push_back({.key = std::move(key), .value = std::move(value), .found = nullptr});
    }
  }
  return out;
}

std::vector<std::string> declared_keys(const Definition& definition, const ChildSet& set,
                                       const Json& spec) {
  std::vector<std::string> out;
  for (auto& item : declared_items(definition, set, spec)) out.push_back(std::move(item.key));
  return out;
}

std::vector<Item> found_items(const Definition& definition, const ChildSet& set, const Json& list) {
  std::vector<Item> out;
  if (!list.is_array()) return out;
  for (const Json& found : list.get_array()) {
    if (!matches(set.only, found)) continue;
    Item item = found_item(definition, set, found);
    if (!item.value.is_null()) out.push_back(std::move(item));
  }
  return out;
}

std::string path_of(const ChildSet& set, const Item& item) {
  return set.key.empty() ? set.field : set.field + "[" + item.key + "]";
}

SetChange compare_set(const Definition& definition, const ChildSet& set, const Json& spec,
                      const std::vector<Item>& found, const std::vector<std::string>& noted,
                      std::vector<std::string>& paths) {
  SetChange out;
  const bool declared = find_path(spec, set.field) != nullptr;
  const std::vector<Item> wanted = declared_items(definition, set, spec);
  for (const Item& item : wanted) {
    const Item* there = with_key(found, item.key);
    if (there != nullptr && is_pending(set, there->found)) continue;
    if (there == nullptr) {
      out.add.push_back(item);
      continue;
    }
    const auto members = set.key.empty()
                             ? std::vector<std::string>{}
                             : differing_members(item_field(definition, set), set, item, *there);
    if (members.empty()) continue;
    out.change.push_back({.key = item.key, .value = item.value, .found = there->found});
  }
  const bool all_ours = declared && !set.foreign_stay;
  for (const Item& item : found) {
    const bool ours = all_ours || std::ranges::find(noted, item.key) != noted.end();
    const bool free = ours && !is_pending(set, item.found);
    if (free && with_key(wanted, item.key) == nullptr) out.remove.push_back(item);
  }
  if (set.one_at_a_time) keep_one(out);
  for (const auto* items : {&out.add, &out.change, &out.remove}) {
    for (const Item& item : *items) {
      std::string path = path_of(set, item);
      if (paths.empty() || paths.back() != path) paths.push_back(std::move(path));
    }
  }
  return out;
}

}  // namespace infra::planning
