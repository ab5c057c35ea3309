#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "definition/definition.h"

namespace infra::planning {

// One child of a set.
struct Item {
  std::string key;  // the same for what is the same child in spec and in AWS
  Json value;       // in the vocabulary of spec; null: nobody declares it
  Json found;       // as AWS showed it; null: it is not there
};

struct SetChange {
  std::vector<Item> add, change, remove;
  bool empty() const { return add.empty() && change.empty() && remove.empty(); }
};

// The items that spec declares, each once; of lists with `each`, one for each value.
std::vector<Item> declared_items(const definition::Definition& definition,
                                 const definition::ChildSet& set, const Json& spec);
std::vector<std::string> declared_keys(const definition::Definition& definition,
                                       const definition::ChildSet& set, const Json& spec);
// The items that count in a list of AWS.
std::vector<Item> found_items(const definition::Definition& definition,
                              const definition::ChildSet& set, const Json& list);

// One of them; without a value if it is no item.
Item found_item(const definition::Definition& definition, const definition::ChildSet& set,
                const Json& found);
// AWS waits for somebody else before it can be changed or taken away.
bool is_pending(const definition::ChildSet& set, const Json& found);

// How an item is called for people: "routes[10.0.0.0/8]"; a set of texts is one path.
std::string path_of(const definition::ChildSet& set, const Item& item);

// What makes what was found into what is declared. `noted` holds the keys of what was added for
// this object. A set that is not declared any more loses what is noted. `paths` gets what differs.
SetChange compare_set(const definition::Definition& definition, const definition::ChildSet& set,
                      const Json& spec, const std::vector<Item>& found,
                      const std::vector<std::string>& noted, std::vector<std::string>& paths);

}  // namespace infra::planning
