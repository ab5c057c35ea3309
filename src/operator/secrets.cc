#include "operator/secrets.h"

#include <utility>

#include "base/base64.h"

namespace infra {

using reconcile::SecretKey;
using reconcile::Target;

kube::ResourceType secret_type() {
  return {.group = "", .version = "v1", .plural = "secrets", .kind = "Secret"};
}

namespace {

Target target_of(const std::string& key) {
  const auto slash = key.find('/');
  return {.kind = std::string(reconcile::kSecretKind),
          .ns = key.substr(0, slash),
          .name = key.substr(slash + 1)};
}

}  // namespace

Task<Result<Json>> read_secret(kube::Client& kube, Target secret) {
  kube::ResourceType type = secret_type();
  auto read = co_await kube.get(std::move(type), secret.ns, secret.name);
  if (read) co_return read;
  Error error = read.error();
  if (error.code == Code::kNotFound) {
    error.message = "there is no Secret " + secret.ns + "/" + secret.name;
  }
  co_return std::unexpected(std::move(error));
}

Task<Result<reconcile::Secrets>> read_secrets(kube::Client& kube, std::vector<Target> asked) {
  reconcile::Secrets out;
  for (const Target& target : asked) {
    if (target.kind != reconcile::kSecretKind || out.contains(target)) continue;
    auto secret = co_await read_secret(kube, target);
    const bool absent = !secret && secret.error().code == Code::kNotFound;
    if (absent) continue;
    if (!secret) co_return std::unexpected(secret.error().in("cannot read " + to_text(target)));
    out.emplace(target, reconcile::Object(std::move(*secret)));
  }
  co_return out;
}

Task<Result<void>> add_entry(kube::Client& kube, SecretKey where, std::string value,
                             std::string version) {
  kube::ResourceType type = secret_type();
  const bool exists = !version.empty();
  Json body = JsonObject{{"data", JsonObject{{where.key, base64_encode(value)}}}};
  set_path(body, "metadata.name", Json(where.secret.name));
  if (exists) set_path(body, "metadata.resourceVersion", Json(version));
  Task<Result<Json>> writing =
      exists
          ? kube.merge_patch(std::move(type), where.secret.ns, where.secret.name, std::move(body))
          : kube.create(std::move(type), where.secret.ns, std::move(body));
  auto written = co_await std::move(writing);
  if (written) co_return Result<void>{};
  co_return std::unexpected(written.error().in("cannot write " + to_text(where.secret)));
}

SecretWatch::SecretWatch(kube::Client& kube, Clock& clock, const std::function<double()>& random,
                         const std::vector<std::string>& namespaces) {
  kube::ResourceType type = secret_type();
  type.metadata_only = true;
  for (const auto& ns : namespaces.empty() ? std::vector<std::string>{""} : namespaces) {
    informers_.push_back(std::make_unique<kube::Informer>(kube, clock, random, type,
                                                          kube::InformerOptions{.ns = ns}));
  }
}

void SecretWatch::on_change(std::function<void(const Target&)> handler) {
  for (const auto& informer : informers_) {
    informer->on_change([handler](const kube::Change& change) {
      if (change.kind != kube::ChangeKind::kDeleted) handler(target_of(change.key));
    });
  }
}

void SecretWatch::on_error(std::function<void(const Error&)> handler) {
  for (const auto& informer : informers_) {
    informer->on_error([handler, last = std::string()](const Error& error) mutable {
      if (std::exchange(last, error.message) != error.message) handler(error);
    });
  }
}

}  // namespace infra
