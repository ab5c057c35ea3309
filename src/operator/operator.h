#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task_scope.h"
#include "kube/leader_elector.h"
#include "kube/shard_elector.h"
#include "operator/change_queues.h"
#include "operator/fenced_transport.h"
#include "operator/named_resources.h"
#include "operator/object_references.h"
#include "operator/providers.h"
#include "operator/resources.h"
#include "operator/secrets.h"
#include "operator/trace_exporter.h"
#include "telemetry/health.h"

namespace infra {

struct OperatorSettings {
  std::vector<std::string> namespaces;  // none: all
  kube::ObjectReference pod;  // this one, for events about the operator itself; no name: no pod
  bool leader_elect = true;
  kube::LeaseSettings lease;
  int shards = 1;       // of the work, among replicas; 1: one of them does it all
  std::string replica;  // the name of this one among them
  Dispatcher::Settings dispatching;
  Duration check_interval{300'000};
  Duration reconcile_timeout{600'000};
  bool heals_drift = true;       // what a provider or an object says wins
  planning::TagMap global_tags;  // on everything; what a provider or an object says wins
  std::string cluster;           // in the owner tags
  PodRole pod_role;
  ProviderGrants grants;  // beside them: the operator's namespace, and endpoints of the environment
  // How long a stop waits for reconciles under way. Kubernetes kills after 30 s unless told else.
  Duration grace{20'000};
  std::optional<TraceSettings> traces;  // none: no traces are made
};

// What the operator is built from. All of it outlives the operator; but for the transport, which
// may go when nothing runs any more.
struct OperatorParts {
  Clock& clock;
  net::HttpTransport& transport;
  kube::Client& kube;
  std::shared_ptr<aws::Catalog> catalog;
  aws::Environment environment;
  const std::vector<definition::Definition>& definitions;
  const definition::Definition& provider_definition;
  telemetry::Metrics& metrics;
  telemetry::Health& health;
  const telemetry::Logger& log;
  std::function<double()> random;  // in [0, 1)
  std::function<std::string()> new_password;
  std::string hash_key;  // 32 bytes nobody can guess: for fingerprints of Secrets
};

// The whole of it: caches, lease, queue and reconciles, started and stopped in the right order.
class Operator {
 public:
  enum class End { kStopped, kLeaseLost };

  // kInvalid where the environment's AWS settings are no good.
  static Result<std::unique_ptr<Operator>> make(OperatorParts parts, OperatorSettings settings);

  // Until stop(), or until the lease is lost: then nothing of ours may go on, and the process ends.
  Task<End> run();
  // Drains: reconciles under way end, their ids are saved, and the lease is given back.
  void stop();

  // Brings up to date what is only counted when asked for.
  void refresh_metrics();

 private:
  Operator(OperatorParts parts, OperatorSettings settings, aws::ClientConfig base);

  Reach reach(const WatchedKind& kind, const std::string& key, KubeStore& store);
  void add_kind(const definition::Definition& definition);
  void follow(WatchedKind& kind, kube::Informer& informer);
  Task<Next> reconcile(WatchedKind* kind, KubeStore* store, std::string key, Dispatcher::Lane lane);
  void on_object(WatchedKind& kind, const kube::Change& change);
  void first_look(const std::string& key, const Json& object);
  void wake(const std::string& key, Providers::News news);
  void watch_secrets();
  void follow_secrets_of(const Json& provider_before, const Json& provider_after);
  void follow_provider_of(const std::string& key, const Json& before, const Json& after);
  void count(const WatchedKind& kind, const Json& before, const Json& after);
  void show_creation(const std::string& kind, const Json& before, const Json& after);
  void note_trouble(const WatchedKind& kind, const std::string& ns, Error error);
  void show_caches();
  void note_synced();
  void note_lease(const Result<void>& asked);
  bool may_work() const;
  Task<bool> wait_until(bool Operator::* reached);
  void stand_for_election(TaskScope& scope);
  // Shards (operator_shards.cc).
  bool is_ours(const std::string& key) const;
  void start_shards(TaskScope& scope);
  void take_shard(int shard);
  Task<void> leave_shard(int shard);
  Task<void> end_work_on(int shard);
  void for_each_of(int shard,
                   const std::function<void(WatchedKind&, const std::string&, const Json&)>& visit);
  void look_elsewhere(const std::string& key, Duration after);
  Task<void> ask_for_look(WatchedKind* kind, std::string object_key, Duration after);
  WatchedKind* kind_of(const std::string& key);
  Task<void> work(TaskScope& scope);
  Task<void> shut_down(TaskScope& scope);

  OperatorParts parts_;
  OperatorSettings settings_;
  kube::LeaderElector elector_;
  std::optional<kube::ShardElector> shards_;  // none: there is only one
  TaskScope* scope_ = nullptr;                // while run() does
  FencedTransport fenced_;                    // for all that only a leader does
  kube::Client kube_at_work_;                 // through it
  kube::EventRecorder events_;
  std::optional<telemetry::Tracer> tracer_;
  std::optional<TraceExporter> exporter_;  // if there is a tracer
  WatchedKind provider_kind_;
  KubeStore provider_store_;
  ProviderUsers users_;
  ObjectReferences references_;
  NamedResources resources_by_name_;
  SecretWatch secrets_;
  Dispatcher dispatcher_;
  ChangeQueues change_queues_;
  Providers providers_;
  Resources resources_;
  std::list<WatchedKind> kinds_;
  std::list<KubeStore> stores_;
  Wakeup changed_;  // something that run() waits for
  bool leading_ = false;
  bool synced_ = false;
  // What only somebody else can mend, such as a missing right, by what it keeps from watching:
  // "VPC/namespace".
  std::map<std::string, std::string> out_of_reach_;
  bool lease_lost_ = false;
  std::string lease_problem_;  // why the lease could not be asked for; empty: it could
  bool stopping_ = false;
};

}  // namespace infra
