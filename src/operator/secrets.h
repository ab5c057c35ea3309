#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/informer.h"
#include "reconcile/references.h"

namespace infra {

kube::ResourceType secret_type();

// One Secret, as it is now. kNotFound with a sentence where there is none.
Task<Result<Json>> read_secret(kube::Client& kube, reconcile::Target secret);

// Those among `asked` that are Secrets, and exist. Read anew each time: no value is kept.
Task<Result<reconcile::Secrets>> read_secrets(kube::Client& kube,
                                              std::vector<reconcile::Target> asked);

// Puts a value under a new key of a Secret, which is made if `version`, of when it was read, is
// empty. kConflict or kAlreadyExists: somebody else was there meanwhile, and nothing was changed.
Task<Result<void>> add_entry(kube::Client& kube, reconcile::SecretKey where, std::string value,
                             std::string version);

// Notices that Secrets change, by their names and versions: what they hold is not asked for. Where
// that is not allowed, changes are found when objects are looked at the next time.
class SecretWatch {
 public:
  // No namespaces: all of them. `kube` and `clock` outlive the watch.
  SecretWatch(kube::Client& kube, Clock& clock, const std::function<double()>& random,
              const std::vector<std::string>& namespaces);

  // Called with every Secret that there is, was made or has changed. Not with one that has gone: it
  // often goes together with what needs it, whose deletion still has to work.
  void on_change(std::function<void(const reconcile::Target&)> handler);
  // Called once for every new reason why it cannot watch.
  void on_error(std::function<void(const Error&)> handler);

  // Each runs until cancelled.
  const std::vector<std::unique_ptr<kube::Informer>>& informers() const { return informers_; }

 private:
  std::vector<std::unique_ptr<kube::Informer>> informers_;
};

}  // namespace infra
