#pragma once

#include <map>
#include <set>

#include "reconcile/references.h"

namespace infra {

// Which objects ask for which others: whom to wake when one changes, and who may still use one that
// is to go.
class ReferenceUsers {
 public:
  void set(const reconcile::Target& user, reconcile::Asked asked);
  void remove(const reconcile::Target& user) { set(user, {}); }
  const reconcile::Asked& asked_by(const reconcile::Target& user) const;
  // Those that name the target, and those whose labels find it as it is in `object`.
  std::set<reconcile::Target> of(const reconcile::Target& target, const Json& object) const;

 private:
  using Users = std::set<reconcile::Target>;
  using Place = std::pair<std::string, std::string>;  // kind and namespace that labels look in

  std::map<reconcile::Target, reconcile::Asked> asked_;  // by user
  std::map<reconcile::Target, Users> naming_;
  std::map<Place, Users> selecting_;
};

}  // namespace infra
