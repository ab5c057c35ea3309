#include "reconcile/reference_users.h"

#include <algorithm>

namespace infra::reconcile {
namespace {

template <class Key>
void take_out(std::map<Key, std::set<Target>>& users, const Key& key, const Target& user) {
  const auto found = users.find(key);
  if (found == users.end()) return;
  found->second.erase(user);
  if (found->second.empty()) users.erase(found);
}

}  // namespace

void ReferenceUsers::set(const Target& user, Asked asked) {
  const Asked& before = asked_by(user);
  for (const auto& target : before.named) take_out(naming_, target, user);
  for (const auto& one : before.selected) take_out(selecting_, Place{one.kind, one.ns}, user);
  for (const auto& target : asked.named) naming_[target].insert(user);
  for (const auto& one : asked.selected) selecting_[{one.kind, one.ns}].insert(user);
  const bool nothing = asked.named.empty() && asked.selected.empty();
  if (nothing) {
    asked_.erase(user);
  } else {
    asked_[user] = std::move(asked);
  }
}

const Asked& ReferenceUsers::asked_by(const Target& user) const {
  static const Asked nothing;
  const auto found = asked_.find(user);
  return found == asked_.end() ? nothing : found->second;
}

std::set<Target> ReferenceUsers::of(const Target& target, const Json& object) const {
  Users out;
  const auto naming = naming_.find(target);
  if (naming != naming_.end()) out = naming->second;
  const auto selecting = selecting_.find({target.kind, target.ns});
  if (selecting == selecting_.end()) return out;
  for (const Target& user : selecting->second) {
    const auto finds = [&](const Selection& one) {
      return one.kind == target.kind && one.ns == target.ns && selects(one, object);
    };
    if (std::ranges::any_of(asked_by(user).selected, finds)) out.insert(user);
  }
  return out;
}

}  // namespace infra::reconcile
