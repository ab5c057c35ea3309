#pragma once

#include <functional>
#include <string>

#include "core/random.h"
#include "kube/answers.h"
#include "kube/store.h"

namespace infra::sim {

// Who writes, and by which request.
struct Author {
  std::string who;
  std::string verb;
  std::string subresource;
};

struct WriteOptions {
  bool strict = false;  // fieldValidation=Strict
};

struct DeleteOptions {
  std::string uid, version;  // preconditions; empty: none
};

// What a write is answered with: a version that is kept, or something else.
struct Written {
  int status = 200;
  VersionPointer version = nullptr;
  Json other = nullptr;

  const Json& json() const { return version == nullptr ? other : version->object(); }
  std::string text() const {
    return version == nullptr ? boost::json::serialize(other) : version->text();
  }
};

// Creates, updates and deletes as the API server does: admission, defaults, checks, generations and
// finalizers. Everything takes effect at once.
class Writer {
 public:
  Writer(Timeline& timeline, Random random, Store& store)
      : timeline_(timeline), random_(random), store_(store) {}

  // Called with each change, at once.
  std::function<void(Collection&, const Change&, const Author&)> on_change;

  Answer<Written> create(Collection& collection, const std::string& ns, Json object,
                         const Author& author, const WriteOptions& options);
  Answer<Written> replace(Collection& collection, const std::string& ns, const std::string& name,
                          Json object, const Author& author, const WriteOptions& options);
  Answer<Written> patch(Collection& collection, const std::string& ns, const std::string& name,
                        const std::string& content_type, const Json& body, const Author& author,
                        const WriteOptions& options);
  Answer<Written> remove(Collection& collection, const std::string& ns, const std::string& name,
                         const DeleteOptions& options, const Author& author);
  // Without any check: what a controller inside the cluster does.
  VersionPointer put(Collection& collection, const std::string& key, Json object,
                     const Author& author);
  void erase(Collection& collection, const std::string& key, const Author& author);

 private:
  struct Place {
    Collection& collection;
    const Kind& kind;
    const std::string& ns;
    const std::string& name;
  };
  Answer<Json> read(const Place& place, Json object, const WriteOptions& options,
                    bool from_patch) const;
  Answer<void> check_place(const Place& place, Json& object) const;
  Answer<void> admit(const Place& place, const Json& object) const;
  Answer<Written> insert(const Place& place, Json object, const Author& author);
  Answer<Written> update(const Place& place, VersionPointer old, Json object, const Author& author);
  Answer<void> check_version(const Place& place, const Version& old, Json& object) const;
  void give_name(const Place& place, Json& object);
  std::string new_uid();
  Answer<Written> begin_deletion(const Place& place, const VersionPointer& old,
                                 const Author& author);

  Timeline& timeline_;
  Random random_;
  Store& store_;
};

}  // namespace infra::sim
