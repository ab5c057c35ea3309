#pragma once

#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>

#include "operator/watched_kind.h"
#include "reconcile/reference_users.h"

namespace infra {

// What our objects take from each other: the caches as references see them, and whom a change
// concerns. The kinds outlive this.
class ObjectReferences final : public reconcile::Others {
 public:
  explicit ObjectReferences(const std::list<WatchedKind>& kinds) : kinds_(kinds) {}

  const definition::Definition* kind(const std::string& name) const override;
  std::optional<reconcile::Object> find(const reconcile::Target& target) const override;
  std::vector<reconcile::Object> select(const reconcile::Selection& selection) const override;

  // Called with an object that should look again.
  std::function<void(const reconcile::Target&)> on_wake;

  // Learns which fields of other kinds' status this one takes; before note().
  void learn(const definition::Definition& definition);
  // An object of this kind has changed; null: was made, has gone.
  void note(const WatchedKind& kind, const Json& before, const Json& after);
  // The same of a Secret.
  void note_secret(const reconcile::Target& secret) const;
  // Somebody else that asks for Secrets; nothing: no more.
  void follow(const reconcile::Target& user, reconcile::Asked asked);
  // Those that may refer to an object.
  std::vector<reconcile::Target> users_of(const std::string& kind,
                                          const reconcile::Object& object) const;

 private:
  void wake_users(const reconcile::Target& changed, const Json& before, const Json& after) const;
  void wake_leaving(const reconcile::Asked& asked) const;
  bool is_ready(const reconcile::Target& target) const;
  bool tells_the_same(const std::string& kind, const Json& before, const Json& after) const;

  const std::list<WatchedKind>& kinds_;
  reconcile::ReferenceUsers users_;
  std::map<std::string, std::set<std::string>> taken_;  // kind -> fields of its status
};

}  // namespace infra
