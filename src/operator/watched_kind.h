#pragma once

#include <functional>
#include <memory>
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
  // Shows our own write in the cache at once.
  void note_written(const Json& object);

 private:
  kube::Informer* informer_of(std::string_view ns) const;

  const definition::Definition& definition_;
  bool all_namespaces_;
  std::vector<std::string> namespaces_;
  std::vector<std::unique_ptr<kube::Informer>> informers_;
};

}  // namespace infra
