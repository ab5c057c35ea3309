#include "admission/judge.h"

#include <algorithm>

#include "admission/chosen_names.h"
#include "admission/dangers.h"
#include "admission/iam_actions.h"
#include "admission/inner_ranges.h"
#include "admission/partitions.h"
#include "admission/served_namespaces.h"
#include "planning/decide.h"
#include "planning/validate.h"

namespace infra::admission {

using definition::Definition;

namespace {

constexpr std::string_view kIncomplete =
    "the operator has just started and does not know all objects yet: that the provider serves the "
    "namespace, and that names and ranges are free, was not checked";

Json spec_of(const Json& object) {
  const Json* spec = find_path(object, "spec");
  return spec == nullptr ? Json() : *spec;
}

// What says nothing new about AWS: status, finalizers, labels, and whatever is on its way out. What
// the operator writes is of this kind, and so gets through whoever it is.
bool passes(const Review& review) {
  const bool writes = review.operation == "CREATE" || review.operation == "UPDATE";
  if (!writes || !review.object.is_object() || is_leaving(review.object)) return true;
  return review.before.is_object() && same(spec_of(review.before), spec_of(review.object));
}

// What an object was allowed to be before stays allowed.
void forgive(Verdict& verdict, const Verdict& before) {
  const auto known = [&before](const std::string& refusal) {
    return std::ranges::find(before.refusals, refusal) != before.refusals.end();
  };
  const auto old = std::ranges::stable_partition(verdict.refusals, std::not_fn(known));
  verdict.warnings.insert(verdict.warnings.end(), old.begin(), old.end());
  verdict.refusals.erase(old.begin(), old.end());
}

}  // namespace

Judge::Judge(std::span<const Definition> definitions, const Definition& provider,
             Strictness strictness)
    : provider_(provider), strictness_(strictness), still_used_(provider) {
  kinds_[provider.kind] = &provider;
  rules_.push_back(std::make_unique<ServedNamespaces>(provider));
  rules_.push_back(std::make_unique<ChosenNames>());
  rules_.push_back(std::make_unique<Partitions>(provider));
  for (const Definition& kind : definitions) {
    kinds_[kind.kind] = &kind;
    for (const auto& word : kind.admission.ranges) {
      rules_.push_back(std::make_unique<InnerRanges>(kind, word));
    }
  }
}

void Judge::note(const Definition& kind, const Json& before, const Json& after) {
  for (const auto& rule : rules_) rule->note(kind, before, after);
  still_used_.note(kind, before, after);
}

const Definition* Judge::kind_of(const Review& review) const {
  const auto kind = kinds_.find(review.kind);
  return review.group != planning::kGroup || kind == kinds_.end() ? nullptr : kind->second;
}

Verdict Judge::look_at(const Definition& kind, const Json& object) const {
  const Json spec = spec_of(object);
  Verdict verdict{.refusals = planning::invalid_fields(kind, spec), .warnings = {}};
  add_dangers(kind, spec, strictness_.dangers ? verdict.refusals : verdict.warnings);
  add_unknown_actions(kind, spec, verdict.warnings);
  if (complete_) {
    for (const auto& rule : rules_) rule->check(kind, object, verdict);
  } else {
    verdict.warnings.emplace_back(kIncomplete);
  }
  return verdict;
}

Verdict Judge::judge_deletion(const Definition& kind, const Json& object) const {
  Verdict verdict;
  if (!complete_ || !object.is_object() || is_leaving(object)) return verdict;
  auto why_not = still_used_.why_not(kind, object);
  if (!why_not) return verdict;
  auto& sentences = strictness_.deletion_in_use ? verdict.refusals : verdict.warnings;
  sentences.push_back(std::move(*why_not));
  return verdict;
}

Verdict Judge::judge(const Review& review) const {
  const Definition* kind = kind_of(review);
  if (kind == nullptr || !review.subresource.empty()) return {};
  if (review.operation == "DELETE") return judge_deletion(*kind, review.before);
  if (kind == &provider_ || passes(review)) return {};
  Verdict verdict = look_at(*kind, review.object);
  if (review.before.is_object()) forgive(verdict, look_at(*kind, review.before));
  return verdict;
}

}  // namespace infra::admission
