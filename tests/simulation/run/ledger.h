#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "aws/fake_aws.h"

namespace infra::sim {

// Who made what in AWS and what has become of it, from the fake's log of changes.
class Ledger {
 public:
  using Key = std::tuple<std::string, std::string, std::string>;  // kind, account, id

  struct Entry {
    std::string owner;  // the object's uid it was made for; empty: somebody else's
    bool by_actor = false;
    bool live = true;
    bool removed_by_actor = false;
    Duration removed{0};
  };

  // Null: no such thing has ever been.
  const Entry* find(const Key& key) const;
  const Entry* note(const FakeAws::Mutation& mutation);

  // Whose the thing of that id is; empty where it is nobody's, or not the only one.
  std::string owner_of(const std::string& id) const;
  std::vector<Key> live_of(const std::string& owner) const;
  // Whether there was something for this object at or after that moment.
  bool had_since(const std::string& owner, Duration moment) const;
  bool removed_by_actor(const std::string& owner) const;
  // Whether there is something of that kind and name that is not this owner's; made by a person, or
  // also by us.
  bool taken(const std::string& kind, const std::string& name, const std::string& owner,
             bool by_actor) const;

 private:
  std::map<Key, Entry> entries_;
};

bool is_actor(const FakeAws::Mutation& mutation);

}  // namespace infra::sim
