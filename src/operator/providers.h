#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "aws/catalog.h"
#include "operator/aws_cloud.h"
#include "operator/change_queues.h"
#include "operator/dispatcher.h"
#include "operator/provider_credentials.h"
#include "operator/provider_users.h"
#include "operator/reach.h"
#include "reconcile/conditions.h"
#include "reconcile/outcome.h"

namespace infra {

// Everything that AWSProvider objects stand for: credentials read, checked with STS, and shared by
// all objects that name the provider. A provider that works stays in use while a later check of it
// fails for a reason that may pass (AWS not reachable, throttled).
class Providers {
 public:
  struct Settings {
    aws::ClientConfig base;  // what the environment says; a provider's spec goes before it
    Duration check_interval{300'000};
    planning::TagMap global_tags;  // a provider's defaultTags win
    bool heals_drift = true;       // a provider's driftDetection.autoHeal wins
  };

  // Everything that is passed by reference outlives this.
  Providers(CredentialTools tools, std::shared_ptr<aws::Catalog> catalog, Settings settings,
            std::function<double()> random, WatchedKind& kind, ProviderUsers& users,
            ChangeQueues& queues, telemetry::Metrics& metrics, const telemetry::Logger& log);

  enum class News { kKnown, kChanged };  // since the start for the first time, or again
  // Called with a provider's key when its users should look again.
  std::function<void(const std::string& provider, News news)> on_change;

  // Brings the gauges of budgets up to date.
  void refresh_metrics();

  // One reconcile of the provider "namespace/name". Unless it is ours, another replica tells of it,
  // reads its queue and lets it go.
  Task<Next> reconcile(Reach reach, std::string key, bool ours);

  struct Pending {};  // exists and has not been checked yet: come back when told
  using Found = std::variant<std::shared_ptr<AwsCloud>, Pending, reconcile::Blocked>;
  // AWS for an object that names this provider.
  Found find(const std::string& key, const std::string& user_namespace) const;

 private:
  struct Entry {
    std::shared_ptr<AwsCloud> cloud;  // null: does not work
    std::string spec;                 // canonical, as last built
    std::string fingerprint;          // of the Secret's values, as last built
    std::string region;               // as shown in the metrics
    std::string problem;              // a sentence; empty: works
    bool checked = false;
  };

  Task<Next> check(Reach& reach, reconcile::Object object, bool ours);
  Task<Result<void>> build(Reach& reach, const reconcile::Object& object, Entry& next);
  Result<aws::ClientConfig> client_config(const Json& spec) const;
  ProviderPolicy policy_of(const Json& spec) const;
  std::shared_ptr<aws::Client> make_client(aws::ClientConfig config,
                                           std::shared_ptr<aws::CredentialSource> source);
  void accept(const std::string& key, const reconcile::Object& object, Entry next);
  void refuse(const std::string& key, const reconcile::Object& object, Entry next,
              const Error& error);
  void forget(const std::string& key);
  telemetry::Fields about(const reconcile::Object& object, const telemetry::Fields& more) const;
  Task<void> report(Reach& reach, reconcile::Object object, Json identity,
                    reconcile::Condition ready);
  Task<Result<bool>> hold_or_release(Reach& reach, reconcile::Object* object);
  void note_ready(const reconcile::Object& object, Entry& entry, bool ready);

  CredentialTools tools_;
  std::shared_ptr<aws::Catalog> catalog_;
  aws::Budgets budgets_;
  Settings settings_;
  std::function<double()> random_;
  WatchedKind& kind_;
  ProviderUsers& users_;
  ChangeQueues& queues_;
  telemetry::Metrics& metrics_;
  const telemetry::Logger& log_;
  std::map<std::string, Entry> entries_;
};

}  // namespace infra
