#include "operator/secrets.h"

#include <utility>

namespace infra {

using reconcile::Target;

namespace {

kube::ResourceType secret_type() {
  return {.group = "", .version = "v1", .plural = "secrets", .kind = "Secret"};
}

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
