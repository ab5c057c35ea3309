#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "definition/definition.h"
#include "kube/informer.h"

namespace infra {

// What Kubernetes calls a kind of ours.
kube::ResourceType resource_type(const definition::Definition& definition);

// A kind with its cache: one informer for all namespaces, or one for each that we look after.
class WatchedKind {
 public:
  // `definition`, `client` and `clock` outlive the kind. No namespaces: all of them.
  WatchedKind(const definition::Definition& definition, kube::Client& client, Clock& clock,
              std::function<double()> random, const std::vector<std::string>& namespaces);

  const definition::Definition& definition() const { return definition_; }
  const std::string& name() const { return definition_.kind; }
  const std::vector<std::unique_ptr<kube::Informer>>& informers() const { return informers_; }

  bool synced() const;
  // `key` is "namespace/name". kNotFound where the cache has none.
  Result<Json> get(const std::string& key) const;
  // All of a namespace, in the order of their names.
  std::vector<Json> list(const std::string& ns) const;
  void for_each(
      const std::function<void(const std::string& key, const kube::Bytes& bytes)>& visit) const;
  // Shows our own write, or what was read anew, in the cache at once; gives the object back.
  Json note_written(Json object);
  // A write of ours whose answer did not come may have been done: until note_written the cache may
  // lack what only we know of.
  void doubt(const std::string& key) { doubted_.insert(key); }
  void trust(const std::string& key) { doubted_.erase(key); }
  // What somebody else may have worked on lately. Without our finalizer nobody has got further than
  // to set it, under the version that was read.
  void doubt_if_touched(const std::string& key, const Json& object);
  bool in_doubt(const std::string& key) const { return doubted_.contains(key); }

 private:
  kube::Informer* informer_of(std::string_view ns) const;

  const definition::Definition& definition_;
  bool all_namespaces_;
  std::vector<std::string> namespaces_;
  std::vector<std::unique_ptr<kube::Informer>> informers_;
  std::set<std::string> doubted_;
};

}  // namespace infra
