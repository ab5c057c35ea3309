#pragma once

#include <functional>
#include <string>

#include "operator/dispatcher.h"
#include "operator/object_references.h"
#include "operator/providers.h"
#include "operator/reach.h"
#include "reconcile/engine.h"

namespace infra {

// Brings together, for one object of any kind, what the engine needs: the object from the cache,
// AWS through its provider, and the store. Turns what the engine reports into metrics, a log line
// and the next time to look.
class Resources {
 public:
  struct Settings {
    std::string cluster;               // in the owner tags
    Duration check_interval{300'000};  // between looks at an object that is settled
    Duration timeout{600'000};         // of one reconcile; then it sends nothing more
    std::function<std::string()> new_password;
  };

  Resources(Clock& clock, Settings settings, Providers& providers,
            const ObjectReferences& references, telemetry::Metrics& metrics,
            const telemetry::Logger& log);

  // Called with a provider's key when AWS did not accept its credentials.
  std::function<void(const std::string& provider)> on_doubt;

  // One reconcile of the object "namespace/name"; `lane` is its place where AWS throttles.
  Task<Next> reconcile(WatchedKind& kind, Reach reach, std::string key, Dispatcher::Lane lane);

 private:
  // What the object's spec comes to, with what it takes from other objects and Secrets.
  Task<Result<reconcile::Resolved>> resolve(const definition::Definition& definition,
                                            reconcile::Object object, Reach& reach);
  // The Secrets that a spec names; what is to be made, and is not there, is made first.
  Task<Result<reconcile::Secrets>> secrets_for(const definition::Definition& definition,
                                               reconcile::Object object, Reach& reach);
  // What keeps an object from starting, without a look at AWS.
  std::optional<reconcile::Outcome> hindrance(const WatchedKind& kind,
                                              const reconcile::Object& object,
                                              const reconcile::Resolved& resolved) const;
  Task<Next> hold(WatchedKind& kind, Reach& reach, reconcile::Object object,
                  reconcile::Outcome outcome, SteadyTime started);
  void report(const WatchedKind& kind, Reach& reach, const reconcile::Object& object,
              const reconcile::Report& report, SteadyTime started);
  static Next next_after(const reconcile::Outcome& unsettled);
  // When to look again at an object that is settled.
  Next next_check(const reconcile::Object& object, const ProviderPolicy& policy) const;
  void note_drift(const std::string& kind, const reconcile::Report& report);

  Clock& clock_;
  Settings settings_;
  Providers& providers_;
  const ObjectReferences& references_;
  telemetry::Metrics& metrics_;
  const telemetry::Logger& log_;
  reconcile::Engine engine_;
};

}  // namespace infra
