#include "operator/provider_credentials.h"

#include "base/base64.h"
#include "base/keyed_hash.h"
#include "operator/secrets.h"

namespace infra {
namespace {

constexpr std::string_view kSession = "infra-operator";

using reconcile::Target;

Target secret_at(const Json& spec, std::string_view field, const std::string& provider_namespace) {
  const std::string path(field);
  const std::string ns = text_at(spec, path + ".namespace");
  return {.kind = std::string(reconcile::kSecretKind),
          .ns = ns.empty() ? provider_namespace : ns,
          .name = text_at(spec, path + ".name")};
}

Task<Result<Json>> read_named(kube::Client& kube, Target secret) {
  auto read = co_await read_secret(kube, std::move(secret));
  if (read || read.error().code != Code::kNotFound) co_return read;
  Error error = read.error();
  error.message += "; create it or correct the provider's spec";
  co_return std::unexpected(std::move(error));
}

// A value of a Secret; the texts of errors name the key and never the value.
Result<std::string> value_of(const Json& secret, const std::string& key) {
  const auto* value = reconcile::entry_of(secret, key);
  const std::string name =
      text_at(secret, "metadata.namespace") + "/" + text_at(secret, "metadata.name");
  if (value == nullptr) {
    return fail(Code::kInvalid, "the Secret " + name + " has no key " + key);
  }
  auto plain = base64_decode(*value);
  if (!plain || plain->empty()) {
    return fail(Code::kInvalid, "the Secret " + name + " holds nothing usable under " + key);
  }
  // Many a Secret was made from a file that ends with a new line.
  while (!plain->empty() && (plain->back() == '\n' || plain->back() == '\r')) plain->pop_back();
  return std::move(*plain);
}

Task<Result<aws::Credentials>> keys_of_one_secret(kube::Client& kube, Target reference) {
  auto secret = co_await read_named(kube, std::move(reference));
  if (!secret) co_return std::unexpected(secret.error());
  auto access = value_of(*secret, "AWS_ACCESS_KEY_ID");
  if (!access) co_return std::unexpected(access.error());
  auto key = value_of(*secret, "AWS_SECRET_ACCESS_KEY");
  if (!key) co_return std::unexpected(key.error());
  aws::Credentials out{.access_key = std::move(*access), .secret_key = std::move(*key)};
  // Only temporary keys come with a token.
  if (auto token = value_of(*secret, "AWS_SESSION_TOKEN")) out.session_token = std::move(*token);
  co_return out;
}

Task<Result<std::string>> referenced_value(kube::Client& kube, Target reference, std::string key) {
  auto secret = co_await read_named(kube, std::move(reference));
  if (!secret) co_return std::unexpected(secret.error());
  auto value = value_of(*secret, key);
  co_return value;
}

Task<Result<aws::Credentials>> keys_of_references(kube::Client& kube, Json spec, std::string ns) {
  Target access_reference = secret_at(spec, "accessKeyIDRef", ns);
  Target key_reference = secret_at(spec, "secretAccessKeyRef", ns);
  auto access = co_await referenced_value(kube, std::move(access_reference),
                                          text_at(spec, "accessKeyIDRef.key"));
  if (!access) co_return std::unexpected(access.error());
  auto key = co_await referenced_value(kube, std::move(key_reference),
                                       text_at(spec, "secretAccessKeyRef.key"));
  if (!key) co_return std::unexpected(key.error());
  aws::Credentials out{.access_key = std::move(*access), .secret_key = std::move(*key)};
  co_return out;
}

std::shared_ptr<aws::CredentialSource> assume(const CredentialTools& tools,
                                              std::shared_ptr<aws::CredentialSource> base,
                                              aws::AssumeRoleCredentials::Settings settings) {
  auto assumed = std::make_shared<aws::AssumeRoleCredentials>(tools.clock, tools.transport,
                                                              std::move(base), std::move(settings));
  return std::make_shared<aws::CachedCredentials>(tools.clock, std::move(assumed));
}

// What the environment offers, or the role that is assumed with it.
std::shared_ptr<aws::CredentialSource> own_identity(const CredentialTools& tools,
                                                    aws::StsSettings sts) {
  auto own = aws::default_credentials(tools.clock, tools.transport, tools.environment, sts);
  const PodRole& role = tools.pod_role;
  if (role.arn.empty()) return own;
  return assume(tools, std::move(own),
                {.role_arn = role.arn,
                 .external_id = role.external_id,
                 .session_name = role.session_name,
                 .duration = std::chrono::duration_cast<std::chrono::seconds>(role.duration),
                 .sts = std::move(sts)});
}

std::shared_ptr<aws::CredentialSource> pod_identity(const CredentialTools& tools, const Json& spec,
                                                    aws::StsSettings sts) {
  const std::string role = text_at(spec, "roleARN");
  if (role.empty()) return own_identity(tools, std::move(sts));
  auto assumed = std::make_shared<aws::WebIdentityCredentials>(
      tools.clock, tools.transport,
      aws::WebIdentityCredentials::Settings{
          .role_arn = role,
          .token_file = tools.environment("AWS_WEB_IDENTITY_TOKEN_FILE"),
          .session_name = std::string(kSession),
          .sts = std::move(sts)});
  return std::make_shared<aws::CachedCredentials>(tools.clock, std::move(assumed));
}

Task<Result<ProviderCredentials>> named_credentials(const CredentialTools& tools,
                                                    kube::Client& kube, Json spec, std::string ns,
                                                    aws::StsSettings sts) {
  const bool one_secret = find_path(spec, "credentialsSecret") != nullptr;
  const bool two_keys = find_path(spec, "accessKeyIDRef") != nullptr ||
                        find_path(spec, "secretAccessKeyRef") != nullptr;
  if (!one_secret && !two_keys) {
    co_return ProviderCredentials{.source = pod_identity(tools, spec, std::move(sts)),
                                  .fingerprint = ""};
  }
  Result<aws::Credentials> keys = fail(Code::kInvalid, "");
  if (one_secret) {
    Target reference = secret_at(spec, "credentialsSecret", ns);
    keys = co_await keys_of_one_secret(kube, std::move(reference));
  } else {
    keys = co_await keys_of_references(kube, spec, ns);
  }
  if (!keys) co_return std::unexpected(keys.error());
  std::string fingerprint = keyed_hash(
      tools.hash_key, keys->access_key + "\n" + keys->secret_key + "\n" + keys->session_token);
  auto source = std::make_shared<aws::StaticCredentials>(std::move(*keys));
  co_return ProviderCredentials{.source = std::move(source), .fingerprint = std::move(fingerprint)};
}

}  // namespace

std::vector<Target> secrets_of_provider(const Json& spec, const std::string& provider_namespace) {
  std::vector<Target> out;
  for (const auto* field : {"credentialsSecret", "accessKeyIDRef", "secretAccessKeyRef"}) {
    if (find_path(spec, field) == nullptr) continue;
    out.push_back(secret_at(spec, field, provider_namespace));
  }
  return out;
}

Task<Result<ProviderCredentials>> provider_credentials(const CredentialTools& tools,
                                                       kube::Client& kube, Json spec,
                                                       std::string provider_namespace,
                                                       aws::StsSettings sts) {
  auto base = co_await named_credentials(tools, kube, spec, std::move(provider_namespace), sts);
  const std::string role = text_at(spec, "assumeRoleARN");
  if (!base || role.empty()) co_return base;
  base->source = assume(tools, base->source,
                        {.role_arn = role,
                         .external_id = text_at(spec, "externalID"),
                         .session_name = std::string(kSession),
                         .sts = std::move(sts)});
  co_return base;
}

}  // namespace infra
