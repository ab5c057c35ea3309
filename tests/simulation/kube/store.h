#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "core/timeline.h"
#include "kube/kinds.h"

namespace infra::sim {

// One version of one object. Its text is made once and then shared.
class Version {
 public:
  Version(std::uint64_t number, Json object) : number_(number), object_(std::move(object)) {}
  std::uint64_t number() const { return number_; }
  const Json& object() const { return object_; }
  const std::string& text() const;

 private:
  std::uint64_t number_;
  Json object_;
  mutable std::string text_;
};

using VersionPointer = std::shared_ptr<const Version>;
using Objects = std::map<std::string, VersionPointer>;  // by key, in the order of lists

struct Change {
  std::uint64_t number = 0;
  std::string key;
  VersionPointer before;  // null: created
  VersionPointer after;   // null: gone
  VersionPointer last;    // of what has gone: its last state under the number of its end
};

struct Collection {
  KindPointer kind;
  Objects objects;
  std::deque<Change> changes;  // those that are not compacted away
};

// All objects in all their versions, as far back as the history goes. One number counts the
// versions of everything, as etcd's revision does.
class Store {
 public:
  explicit Store(Timeline& timeline) : timeline_(timeline) {}

  void add_kind(KindPointer kind);
  Collection* find(const std::string& group, const std::string& version, const std::string& plural);
  Collection* find_kind(const std::string& name);
  const std::vector<std::unique_ptr<Collection>>& collections() const { return collections_; }

  // Numbers the object. The change is valid until the next one.
  const Change& put(Collection& collection, const std::string& key, Json object);
  const Change& erase(Collection& collection, const std::string& key);

  std::uint64_t current() const { return current_; }
  std::uint64_t compacted() const { return compacted_; }  // what came up to here is forgotten
  std::uint64_t current_at(Duration time) const;          // not below compacted()
  void compact_until(Duration time);
  void compact();

  // The objects as of a version from compacted() up to current().
  Objects view(Collection& collection, std::uint64_t number);

 private:
  const Change& note(Collection& collection, Change change);
  void trim(Collection& collection);

  Timeline& timeline_;
  std::vector<std::unique_ptr<Collection>> collections_;
  std::uint64_t current_ = 100;
  std::uint64_t compacted_ = 100;
  std::deque<std::pair<Duration, std::uint64_t>> moments_;  // when which version was made
};

}  // namespace infra::sim
