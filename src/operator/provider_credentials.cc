#include "operator/provider_credentials.h"

#include <fmt/format.h>

#include <set>

#include "base/base64.h"
#include "base/keyed_hash.h"
#include "operator/interval.h"
#include "operator/secrets.h"
#include "planning/access.h"
#include "planning/tags.h"
#include "reconcile/pass.h"

namespace infra {
namespace {

constexpr std::size_t kLongestSession = 64;  // of a RoleSessionName (STS API reference)

using reconcile::Target;

Target secret_at(const Json& spec, std::string_view field, const std::string& provider_namespace) {
  const std::string path(field);
  const std::string ns = text_at(spec, path + ".namespace");
  return {.kind = std::string(reconcile::kSecretKind),
          .ns = ns.empty() ? provider_namespace : ns,
          .name = text_at(spec, path + ".name")};
}

// A Secret of another namespace has to say that it may be used from the provider's.
Task<Result<Json>> read_named(kube::Client& kube, Target secret, std::string ns) {
  const std::string name = secret.ns + "/" + secret.name;
  auto read = co_await read_secret(kube, std::move(secret));
  if (read && !planning::lets_refer(*read, ns)) {
    co_return fail(Code::kDenied,
                   fmt::format("the Secret {} does not let providers of namespace {} use it; "
                               "annotate it with {}={}",
                               name, ns, reconcile::group_key("allow-references-from"), ns));
  }
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

Task<Result<aws::Credentials>> keys_of_one_secret(kube::Client& kube, ProviderSpec provider) {
  Target reference = secret_at(provider.spec, "credentialsSecret", provider.ns);
  auto secret = co_await read_named(kube, std::move(reference), provider.ns);
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

Task<Result<std::string>> referenced_value(kube::Client& kube, ProviderSpec provider,
                                           std::string field) {
  Target reference = secret_at(provider.spec, field, provider.ns);
  auto secret = co_await read_named(kube, std::move(reference), provider.ns);
  if (!secret) co_return std::unexpected(secret.error());
  auto value = value_of(*secret, text_at(provider.spec, field + ".key"));
  co_return value;
}

Task<Result<aws::Credentials>> keys_of_references(kube::Client& kube, ProviderSpec provider) {
  auto access = co_await referenced_value(kube, provider, "accessKeyIDRef");
  if (!access) co_return std::unexpected(access.error());
  auto key = co_await referenced_value(kube, provider, "secretAccessKeyRef");
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

// Tells in CloudTrail which provider has done what.
std::string session_of(const ProviderSpec& provider) {
  const std::string said = text_at(provider.spec, "sessionName");
  if (!said.empty()) return said;
  return ("infra-operator." + provider.ns + "." + provider.name).substr(0, kLongestSession);
}

std::chrono::seconds session_length(const Json& spec) {
  const auto said = parse_interval(text_at(spec, "sessionDuration"));
  return std::chrono::duration_cast<std::chrono::seconds>(said.value_or(std::chrono::hours(1)));
}

std::shared_ptr<aws::CredentialSource> pod_identity(const CredentialTools& tools,
                                                    const ProviderSpec& provider,
                                                    aws::StsSettings sts) {
  const std::string role = text_at(provider.spec, "roleARN");
  if (role.empty()) return own_identity(tools, std::move(sts));
  auto assumed = std::make_shared<aws::WebIdentityCredentials>(
      tools.clock, tools.transport,
      aws::WebIdentityCredentials::Settings{
          .role_arn = role,
          .token_file = tools.environment("AWS_WEB_IDENTITY_TOKEN_FILE"),
          .session_name = session_of(provider),
          .duration = session_length(provider.spec),
          .sts = std::move(sts)});
  return std::make_shared<aws::CachedCredentials>(tools.clock, std::move(assumed));
}

// A role to assume, and how.
struct Step {
  std::string arn, external_id;
};

// Those that are assumed one with the keys of the other, in this order.
std::vector<Step> steps_of(const Json& spec) {
  std::vector<Step> out;
  const std::string first = text_at(spec, "assumeRoleARN");
  if (!first.empty()) out.push_back({first, text_at(spec, "externalID")});
  const Json* chain = find_path(spec, "roleChain");
  if (chain == nullptr || !chain->is_array()) return out;
  for (const Json& link : chain->get_array()) {
    out.push_back({text_at(link, "roleARN"), text_at(link, "externalID")});
  }
  return out;
}

Result<void> check_chain(const std::vector<Step>& steps) {
  std::set<std::string> seen;
  for (const Step& step : steps) {
    if (seen.insert(step.arn).second) continue;
    return fail(Code::kInvalid, "the role " + step.arn + " is to be assumed twice; name each once");
  }
  return {};
}

// Asked anew each time: a label that is taken away counts from the next look on.
Task<Result<void>> check_identity(const CredentialTools& tools, kube::Client& kube,
                                  std::string ns) {
  if (lists_namespace(tools.grants, ns)) co_return Result<void>{};
  if (!tools.grants.by_label) co_return refuse_identity(tools.grants, ns);
  kube::ResourceType type{
      .version = "v1", .plural = "namespaces", .kind = "Namespace", .namespaced = false};
  auto read = co_await kube.get(std::move(type), "", ns);
  if (read && is_labelled(*read)) co_return Result<void>{};
  const bool unknown = !read && read.error().code != Code::kDenied;
  if (unknown) co_return std::unexpected(read.error());
  co_return refuse_identity(tools.grants, ns);
}

// What is done with the operator's own identity needs a grant.
Task<Result<void>> check_grants(const CredentialTools& tools, kube::Client& kube,
                                ProviderSpec provider) {
  std::vector<std::string> roles;
  for (const Step& step : steps_of(provider.spec)) roles.push_back(step.arn);
  const std::string first = text_at(provider.spec, "roleARN");
  const bool other = !first.empty() && first != tools.environment("AWS_ROLE_ARN");
  if (other) roles.push_back(first);
  if (roles.empty()) {
    auto granted = co_await check_identity(tools, kube, provider.ns);
    co_return granted;
  }
  for (const std::string& role : roles) {
    auto granted = may_assume(tools.grants, provider.ns, role);
    if (!granted) co_return granted;
  }
  co_return Result<void>{};
}

Task<Result<ProviderCredentials>> named_keys(const CredentialTools& tools, kube::Client& kube,
                                             ProviderSpec provider) {
  const bool one_secret = find_path(provider.spec, "credentialsSecret") != nullptr;
  Task<Result<aws::Credentials>> reading =
      one_secret ? keys_of_one_secret(kube, provider) : keys_of_references(kube, provider);
  auto keys = co_await std::move(reading);
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
                                                       kube::Client& kube, ProviderSpec provider,
                                                       aws::StsSettings sts) {
  const std::vector<Step> steps = steps_of(provider.spec);
  if (auto checked = check_chain(steps); !checked) co_return std::unexpected(checked.error());
  ProviderCredentials out;
  if (!secrets_of_provider(provider.spec, provider.ns).empty()) {
    auto named = co_await named_keys(tools, kube, provider);
    if (!named) co_return named;
    out = std::move(*named);
  } else {
    auto granted = co_await check_grants(tools, kube, provider);
    if (!granted) co_return std::unexpected(granted.error());
    out.source = pod_identity(tools, provider, sts);
  }
  planning::TagMap tags;
  planning::add_tags(provider.spec, "sessionTags", tags);
  for (const Step& step : steps) {
    out.source = assume(tools, std::move(out.source),
                        {.role_arn = step.arn,
                         .external_id = step.external_id,
                         .session_name = session_of(provider),
                         .duration = session_length(provider.spec),
                         .tags = tags,
                         .sts = sts});
  }
  co_return out;
}

}  // namespace infra
