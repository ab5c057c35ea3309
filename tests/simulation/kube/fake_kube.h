#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "core/random.h"
#include "core/timeline.h"
#include "net/http.h"

namespace infra::sim {

// How far this API server is from a calm day. All zero: calm.
struct KubeBehaviour {
  Duration watch_lag{0};        // events reach watches up to so much later
  double duplicate_events = 0;  // share of events that are told twice
  bool bookmarks = true;
  Duration history{300'000};  // versions older than this are compacted away: 410
  // Lists that allow any age (resourceVersion=0) are answered from a view so old.
  Duration stale_view{0};
  // Share of the watches from too old a version that are refused with 410; the others begin and are
  // told so by an event, as today's API server does it.
  double gone_at_start = 0;
};

// CRDs made ready once, to be shared by any number of servers; never changes.
struct KubeSchemas;
std::shared_ptr<const KubeSchemas> kube_schemas(const std::vector<Json>& crds);

enum class KubeRefusal { kTooManyRequests, kUnavailable, kInternalError, kTimeout, kForbidden };

// A fake Kubernetes API server: custom resources by their CRDs (pruning, defaults, validation,
// status subresource, generation), leases, events, secrets and namespaces; versions, conflicts,
// finalizers, watches. kube/DIFFERENCES.md lists where it differs from the real one; the contract
// test runs the same requests against both.
class FakeKube {
 public:
  FakeKube(Timeline& timeline, Random random, KubeBehaviour behaviour);
  // With CRDs that many worlds share; see kube_schemas().
  FakeKube(Timeline& timeline, Random random, KubeBehaviour behaviour,
           std::shared_ptr<const KubeSchemas> schemas);
  ~FakeKube();

  // A CustomResourceDefinition, as in the chart. Throws std::runtime_error on a keyword or a rule
  // that this server does not know.
  void add_crd(const Json& crd);

  // Anything but a watch. Takes effect at once.
  net::HttpResponse handle(const net::HttpRequest& request);
  net::HttpResponse refuse(KubeRefusal why, Duration retry_after = Duration{0}) const;

  // Verb and thing, for traces and faults: "patch vpcs/status", "list sqsqueues", "watch vpcs".
  struct Call {
    std::string verb;      // get, list, watch, create, update, patch, delete
    std::string resource;  // plural, with "/status" where that is meant
    std::string key;       // "namespace/name"; empty for lists
    bool writes = false;
  };
  static Call identify(const net::HttpRequest& request);

  struct Watcher {
    std::function<void(std::string line)> line;  // one event with its end of line
    std::function<void()> end;                   // the server ends the watch in good order
  };
  using WatchId = std::uint64_t;
  // Begins a watch; its lines come from the timeline. A response where it cannot begin (410 ...).
  std::optional<net::HttpResponse> watch(const net::HttpRequest& request, Watcher watcher,
                                         WatchId* id);
  void unwatch(WatchId id);  // the client has gone; no line comes any more
  void end_watches();        // all of them, as at a restart of the server

  void set_behaviour(KubeBehaviour behaviour);
  void compact();  // forgets the history up to now

  // What users and other controllers do with kubectl: the same checks, no delay, no refusals.
  // `kind` is a kind such as "VPC" or "Secret".
  Result<Json> create(const Json& manifest, const std::string& who);
  Result<Json> patch(const std::string& kind, const std::string& ns, const std::string& name,
                     const Json& merge_patch, const std::string& who,
                     const std::string& subresource = "");
  Result<void> remove(const std::string& kind, const std::string& ns, const std::string& name,
                      const std::string& who);

  // The truth; null if there is none.
  const Json* find(const std::string& kind, const std::string& ns, const std::string& name) const;
  std::vector<const Json*> all(const std::string& kind) const;

  // A write that changed something. Who: the User-Agent or what create() and the like were told.
  struct Write {
    Duration at{0};
    std::string who;
    std::string verb;
    std::string kind;
    std::string subresource;
    std::string ns, name, uid;
    Json before;  // null: created
    Json after;   // null: gone
  };
  // Called with each, at once.
  std::function<void(const Write&)> on_write;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace infra::sim
