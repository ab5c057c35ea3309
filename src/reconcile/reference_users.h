#pragma once

#include <map>
#include <set>

#include "reconcile/references.h"

namespace infra::reconcile {

// Which objects ask for which others: whom to wake when one changes, and who may still use one that
// is to go.
class ReferenceUsers {
 public:
  void set(const Target& user, Asked asked);
  void remove(const Target& user) { set(user, {}); }
  const Asked& asked_by(const Target& user) const;
  // Those that name the target, and those whose labels find it as it is in `object`.
  std::set<Target> of(const Target& target, const Json& object) const;

 private:
  using Users = std::set<Target>;
  using Place = std::pair<std::string, std::string>;  // kind and namespace that labels look in

  std::map<Target, Asked> asked_;  // by user
  std::map<Target, Users> naming_;
  std::map<Place, Users> selecting_;
};

}  // namespace infra::reconcile
