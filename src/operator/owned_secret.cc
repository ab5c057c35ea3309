#include "operator/owned_secret.h"

#include <utility>

#include "base/base64.h"
#include "operator/secrets.h"

namespace infra {
namespace {

using reconcile::Object;

Json owner_reference(const kube::ResourceType& type, const Object& owner) {
  return JsonObject{{"apiVersion", type.api_version()},
                    {"kind", type.kind},
                    {"name", owner.name()},
                    {"uid", owner.uid()},
                    {"controller", true}};
}

bool is_owned(const Json& secret, const std::string& uid) {
  const Json* owners = find_path(secret, "metadata.ownerReferences");
  if (owners == nullptr || !owners->is_array()) return false;
  for (const Json& owner : owners->get_array()) {
    if (text_at(owner, "uid") == uid) return true;
  }
  return false;
}

JsonObject in_base64(const std::map<std::string, std::string>& values) {
  JsonObject out;
  for (const auto& [key, value] : values) out[key] = base64_encode(value);
  return out;
}

Json new_secret(const kube::ResourceType& owner_type, const Object& owner, const std::string& name,
                JsonObject data) {
  JsonObject metadata{{"name", name},
                      {"namespace", owner.namespace_name()},
                      {"ownerReferences", JsonArray{owner_reference(owner_type, owner)}}};
  return JsonObject{{"apiVersion", "v1"},
                    {"kind", "Secret"},
                    {"type", "Opaque"},
                    {"metadata", std::move(metadata)},
                    {"data", std::move(data)}};
}

}  // namespace

Task<Result<void>> keep_owned_secret(kube::Client& kube, kube::ResourceType owner_type,
                                     Object owner, std::string name,
                                     std::map<std::string, std::string> values) {
  const std::string ns = owner.namespace_name();
  const std::string text = "Secret " + ns + "/" + name;
  Json data = in_base64(values);
  auto found = co_await kube.get(secret_type(), ns, name);
  if (!found && found.error().code != Code::kNotFound) {
    co_return std::unexpected(found.error().in("cannot read " + text));
  }
  if (!found) {
    Json secret = new_secret(owner_type, owner, name, std::move(data.get_object()));
    auto made = co_await kube.create(secret_type(), ns, std::move(secret));
    if (!made) co_return std::unexpected(made.error().in("cannot make " + text));
    co_return Result<void>{};
  }
  if (!is_owned(*found, owner.uid())) {
    co_return fail(Code::kAlreadyExists,
                   text +
                       " exists and does not belong to this object; choose another name in "
                       "spec.writeConnectionSecretToRef, or delete the Secret");
  }
  const Json* held = find_path(*found, "data");
  if (held != nullptr && same(*held, data)) co_return Result<void>{};
  set_path(*found, "data", std::move(data));
  auto written = co_await kube.replace(secret_type(), ns, std::move(name), std::move(*found));
  if (!written) co_return std::unexpected(written.error().in("cannot write " + text));
  co_return Result<void>{};
}

}  // namespace infra
