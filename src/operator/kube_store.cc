#include "operator/kube_store.h"

#include <optional>
#include <utility>

#include "operator/owned_secret.h"

namespace infra {

using reconcile::Object;

namespace {

constexpr int kConflicts = 5;  // in a row, with somebody who writes all the time

}  // namespace

Task<Result<Object>> KubeStore::patch(const Object& object, JsonObject body, Check check,
                                      std::string subresource) {
  JsonObject& metadata = body["metadata"].is_object() ? body["metadata"].get_object()
                                                      : body["metadata"].emplace_object();
  metadata["uid"] = object.uid();
  if (check == Check::kSameVersion) metadata["resourceVersion"] = object.resource_version();
  Json patch_body = std::move(body);
  auto type = resource_type(kind_.definition());
  auto written =
      co_await client_.merge_patch(std::move(type), object.namespace_name(), object.name(),
                                   std::move(patch_body), std::move(subresource));
  if (!written) {
    if (outcome_unknown(written.error())) kind_.doubt(kube::object_key(object.json()));
    co_return std::unexpected(written.error());
  }
  co_return Object(kind_.note_written(std::move(*written)));
}

Task<Result<Object>> KubeStore::load(std::string key) {
  auto cached = kind_.get(key);
  if (!cached) {
    kind_.trust(key);  // there is nothing to be wrong about
    co_return std::unexpected(cached.error());
  }
  if (!kind_.in_doubt(key)) co_return Object(std::move(*cached));
  const Object known(std::move(*cached));
  auto type = resource_type(kind_.definition());
  auto fresh = co_await client_.get(std::move(type), known.namespace_name(), known.name());
  if (!fresh) co_return std::unexpected(fresh.error());
  co_return Object(kind_.note_written(std::move(*fresh)));
}

// The API server heeds the uid in a patch of an object, but not in one of its status; there only
// the version says which object is meant. So a write that may meet any version reads which one
// there is, and makes sure that it is still the same object.
Task<Result<Object>> KubeStore::patch_status(const Object& object, JsonObject patch_of_status,
                                             Check check) {
  JsonObject body;
  body["status"] = std::move(patch_of_status);
  std::optional<Object> found;
  const Object* known = &object;
  for (int attempt = 1;; ++attempt) {
    auto written = co_await patch(*known, body, Check::kSameVersion, "status");
    const bool again = !written && written.error().code == Code::kConflict &&
                       check == Check::kAnyVersion && attempt < kConflicts;
    if (!again) co_return written;
    auto type = resource_type(kind_.definition());
    auto fresh = co_await client_.get(std::move(type), object.namespace_name(), object.name());
    if (!fresh) co_return std::unexpected(fresh.error());
    found.emplace(std::move(*fresh));
    known = &*found;
    if (known->uid() != object.uid()) {
      co_return fail(Code::kNotFound, "the object has gone; another has its name now");
    }
  }
}

Task<Result<Object>> KubeStore::patch_metadata(const Object& object, JsonObject patch_of_metadata,
                                               Check check) {
  JsonObject body;
  body["metadata"] = std::move(patch_of_metadata);
  auto written = co_await patch(object, std::move(body), check, "");
  co_return written;
}

Task<Result<void>> KubeStore::keep_secret(Object owner, std::string name,
                                          std::map<std::string, std::string> values) {
  auto type = resource_type(kind_.definition());
  auto kept = co_await keep_owned_secret(client_, std::move(type), std::move(owner),
                                         std::move(name), std::move(values));
  co_return kept;
}

void KubeStore::record_event(const Object& object, bool warning, const std::string& reason,
                             const std::string& message) {
  kube::ObjectReference about;
  about.api_version = resource_type(kind_.definition()).api_version();
  about.kind = kind_.name();
  about.ns = object.namespace_name();
  about.name = object.name();
  about.uid = object.uid();
  events_.record(std::move(about), warning ? kube::EventType::kWarning : kube::EventType::kNormal,
                 reason, message);
}

}  // namespace infra
