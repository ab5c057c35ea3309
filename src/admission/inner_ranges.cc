#include "admission/inner_ranges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "planning/access.h"
#include "planning/path.h"

namespace infra::admission {

using definition::Definition;

InnerRanges::InnerRanges(const Definition& inner, const definition::InnerRange& word)
    : inner_(inner), word_(word), reference_(*inner.field(word.within)->reference) {}

std::optional<InnerRanges::Spelled> InnerRanges::range_in(std::string text) {
  const auto range = planning::Range::parse(text);
  if (!range) return std::nullopt;
  return Spelled{.text = std::move(text), .range = *range};
}

std::vector<InnerRanges::Spelled> InnerRanges::ranges_of(const Json& outer) const {
  std::vector<std::string> texts = planning::texts_at(outer, "status." + word_.all);
  const std::string declared = text_at(outer, "spec." + word_.of);
  if (std::ranges::find(texts, declared) == texts.end()) texts.push_back(declared);
  std::vector<Spelled> out;
  for (auto& text : texts) {
    if (auto range = range_in(std::move(text))) out.push_back(std::move(*range));
  }
  return out;
}

// Empty where it names none, or by labels.
InnerRanges::Name InnerRanges::name_of_outer(const Json& inner) const {
  const std::string id = text_at(inner, "spec." + word_.within);
  if (!id.empty()) return "=" + id;
  const std::string name = text_at(inner, "spec." + reference_.as + ".name");
  if (name.empty()) return {};
  const std::string ns = text_at(inner, "spec." + reference_.as + ".namespace");
  return (ns.empty() ? text_at(inner, "metadata.namespace") : ns) + "/" + name;
}

InnerRanges::Name InnerRanges::id_name(const Json& outer) const {
  const std::string id = text_at(outer, "status." + reference_.from);
  return id.empty() ? "" : "=" + id;
}

// Those that name one outer object alike, through one provider: others may mean another account.
std::string InnerRanges::family(const Json& inner, const Name& outer) const {
  return planning::provider_key_of(inner) + " " + outer;
}

std::set<InnerRanges::Name> InnerRanges::all_names(const Name& name) const {
  std::set<Name> out{name};
  const auto keys = keys_of_id_.find(name);
  if (keys != keys_of_id_.end()) out.insert(keys->second.begin(), keys->second.end());
  const auto outer = outers_.find(name);
  const Name id = outer == outers_.end() ? "" : id_name(outer->second.object);
  if (!id.empty()) out.insert(id);
  return out;
}

void InnerRanges::note(const Definition& kind, const Json& before, const Json& after) {
  if (kind.kind == reference_.kind) note_outer(before, after);
  if (kind.kind == inner_.kind) note_inner(before, after);
}

void InnerRanges::note_outer(const Json& before, const Json& after) {
  if (!before.is_null()) {
    outers_.erase(key_of(before));
    const auto keys = keys_of_id_.find(id_name(before));
    if (keys != keys_of_id_.end()) keys->second.erase(key_of(before));
    if (keys != keys_of_id_.end() && keys->second.empty()) keys_of_id_.erase(keys);
  }
  if (after.is_null()) return;
  const std::string key = key_of(after);
  outers_[key] = Outer{.object = after, .ranges = ranges_of(after)};
  const Name id = id_name(after);
  if (!id.empty()) keys_of_id_[id].insert(key);
}

void InnerRanges::note_inner(const Json& before, const Json& after) {
  const auto old = families_.find(family(before, name_of_outer(before)));
  if (old != families_.end()) {
    old->second.erase(key_of(before));
    if (old->second.empty()) families_.erase(old);
  }
  const auto range = range_in(text_at(after, "spec." + word_.field));
  const Name outer = name_of_outer(after);
  if (!claims(after) || !range || outer.empty()) return;
  families_[family(after, outer)].insert_or_assign(key_of(after), range->range);
}

void InnerRanges::check(const Definition& kind, const Json& object, Verdict& verdict) const {
  if (kind.kind != inner_.kind || !claims(object)) return;
  const auto range = range_in(text_at(object, "spec." + word_.field));
  if (!range || name_of_outer(object).empty()) return;
  if (lies_within(object, *range, verdict)) check_siblings(object, *range, verdict);
}

// Also if nobody may know.
bool InnerRanges::lies_within(const Json& object, const Spelled& range, Verdict& verdict) const {
  const std::string ns = text_at(object, "metadata.namespace");
  for (const Name& name : all_names(name_of_outer(object))) {
    const auto outer = outers_.find(name);
    if (outer == outers_.end() || outer->second.ranges.empty()) continue;
    if (!planning::lets_refer(outer->second.object, ns)) continue;
    const auto holds = [&range](const Spelled& one) { return one.range.holds(range.range); };
    if (std::ranges::any_of(outer->second.ranges, holds)) continue;
    verdict.refusals.push_back(not_within(range, outer->second, name));
    return false;
  }
  return true;
}

std::string InnerRanges::not_within(const Spelled& range, const Outer& outer,
                                    const Name& name) const {
  std::vector<std::string> texts;
  for (const Spelled& one : outer.ranges) texts.push_back(one.text);
  return fmt::format("spec.{} {} is not within {}, the range{} of {} {}; choose one that is",
                     word_.field, range.text, fmt::join(texts, ", "), texts.size() > 1 ? "s" : "",
                     reference_.kind, name);
}

void InnerRanges::check_siblings(const Json& object, const Spelled& range, Verdict& verdict) const {
  const std::string ns = text_at(object, "metadata.namespace");
  for (const Name& name : all_names(name_of_outer(object))) {
    const auto siblings = families_.find(family(object, name));
    if (siblings == families_.end()) continue;
    for (const auto& [key, sibling] : siblings->second) {
      if (key == key_of(object) || !sibling.overlaps(range.range)) continue;
      verdict.refusals.push_back(
          fmt::format("spec.{} {} overlaps that of {} in the same {}; choose one that is free",
                      word_.field, range.text, called(inner_.kind, key, ns), reference_.kind));
      return;
    }
  }
}

}  // namespace infra::admission
