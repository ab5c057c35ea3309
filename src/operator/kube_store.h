#pragma once

#include "kube/client.h"
#include "kube/event_recorder.h"
#include "operator/watched_kind.h"
#include "reconcile/seams.h"

namespace infra {

// The objects of one kind on the API server. A write names the object's uid, so an object that was
// deleted and made again under the same name is never given the other's status; what a write
// returns goes into the cache at once.
class KubeStore final : public reconcile::ObjectStore {
 public:
  KubeStore(kube::Client& client, kube::EventRecorder& events, WatchedKind& kind)
      : client_(client), events_(events), kind_(kind) {}

  // The same objects, through another client.
  KubeStore through(kube::Client& client) const { return {client, events_, kind_}; }

  // The object "namespace/name": from the cache, or from the API server after a write whose answer
  // did not come. kNotFound where there is none.
  Task<Result<reconcile::Object>> load(std::string key);
  Task<Result<reconcile::Object>> patch_status(const reconcile::Object& object, JsonObject patch,
                                               Check check) override;
  Task<Result<reconcile::Object>> patch_metadata(const reconcile::Object& object, JsonObject patch,
                                                 Check check) override;
  Task<Result<void>> keep_secret(reconcile::Object owner, std::string name,
                                 std::map<std::string, std::string> values) override;
  void record_event(const reconcile::Object& object, bool warning, const std::string& reason,
                    const std::string& message) override;

 private:
  Task<Result<reconcile::Object>> patch(const reconcile::Object& object, JsonObject body,
                                        Check check, std::string subresource);

  kube::Client& client_;
  kube::EventRecorder& events_;
  WatchedKind& kind_;
};

}  // namespace infra
