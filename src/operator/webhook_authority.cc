#include "operator/webhook_authority.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "operator/secrets.h"

namespace infra {
namespace {

using net::Validity;
using std::chrono::hours;

constexpr hours kDay{24};
constexpr Duration kAuthorityLife = 5 * 365 * kDay;
constexpr Duration kServerLife = 90 * kDay;
// The clock of who calls may be behind ours.
constexpr hours kBackdated{1};
// Of earlier authorities in a bundle: somebody may empty the Secret again and again.
constexpr std::size_t kMostBefore = 4;

kube::ResourceType configuration_type() {
  return {.group = "admissionregistration.k8s.io",
          .version = "v1",
          .plural = "validatingwebhookconfigurations",
          .kind = "ValidatingWebhookConfiguration",
          .namespaced = false};
}

// Two thirds of its life are over.
bool is_due(const Validity& valid, WallTime now) {
  return now >= valid.begin + (valid.end - valid.begin) / 3 * 2;
}

std::string decoded(const Json& object, std::string_view path) {
  return base64_decode(text_at(object, path)).value_or("");
}

// Keys have dots, which paths cannot have.
std::string entry(const Json& secret, std::string_view key) {
  const Json* data = find_path(secret, "data");
  const auto* entries = data == nullptr ? nullptr : data->if_object();
  const Json* value = entries == nullptr ? nullptr : entries->if_contains(key);
  return value == nullptr ? "" : decoded(*value, "");
}

std::string first_of(const std::string& certificates) {
  const auto all = net::certificates_in(certificates);
  return all.empty() ? "" : all.front();
}

const JsonArray& hooks_of(const Json& configuration) {
  static const JsonArray none;
  const Json* hooks = find_path(configuration, "webhooks");
  return hooks != nullptr && hooks->is_array() ? hooks->get_array() : none;
}

std::string bundle_in(const Json& configuration) {
  std::string out;
  for (const Json& hook : hooks_of(configuration)) out += decoded(hook, "clientConfig.caBundle");
  return out;
}

bool holds(const Json& configuration, const std::string& bundle) {
  return std::ranges::all_of(hooks_of(configuration), [&bundle](const Json& hook) {
    return decoded(hook, "clientConfig.caBundle") == bundle;
  });
}

}  // namespace

WebhookAuthority::WebhookAuthority(kube::Client& kube, const Clock& clock,
                                   const telemetry::Logger& log, WebhookAuthoritySettings settings)
    : kube_(kube), clock_(clock), log_(log), settings_(std::move(settings)) {}

std::string WebhookAuthority::name() const {
  return "Secret " + settings_.ns + "/" + settings_.secret;
}

Task<Result<net::PemPair>> WebhookAuthority::look() {
  const auto secret = co_await get(secret_type(), settings_.ns, settings_.secret);
  if (!secret) co_return std::unexpected(secret.error());
  const auto configuration = co_await get(configuration_type(), "", settings_.configuration);
  if (!configuration) co_return std::unexpected(configuration.error());

  Held held = held_in(*secret);
  const auto renewed = renew(held, bundle_in(*configuration));
  if (!renewed) co_return std::unexpected(renewed.error());
  if (*renewed) {
    const auto written = co_await write_secret(held, text_at(*secret, "metadata.resourceVersion"));
    if (!written && written.error().code == Code::kConflict) co_return wait();
    if (!written) co_return std::unexpected(written.error());
  }

  const std::string bundle = held.authority.certificate + held.before;
  const bool in_place = holds(*configuration, bundle);
  const bool known = in_place && trusted_ == bundle;
  trusted_ = bundle;
  if (!in_place) {
    const auto written = co_await write_bundle(*configuration, bundle);
    if (!written) trusted_.clear();
    if (!written && written.error().code != Code::kConflict) {
      co_return std::unexpected(written.error());
    }
  }
  if (!known) co_return wait();
  shown_ = held.server;
  co_return held.server;
}

WebhookAuthority::Held WebhookAuthority::held_in(const Json& secret) const {
  return {.authority = {.certificate = first_of(entry(secret, "ca.crt")),
                        .key = entry(secret, "ca.key")},
          .server = {.certificate = entry(secret, "tls.crt"), .key = entry(secret, "tls.key")},
          .before = still_valid(entry(secret, "ca-before.crt"))};
}

Result<bool> WebhookAuthority::renew(Held& held, const std::string& trusted) const {
  const auto authority = net::check_authority(held.authority);
  if (!authority || is_due(*authority, clock_.wall())) {
    held.before = still_valid(trusted);
    held.authority = net::make_authority(from_now(kAuthorityLife));
  } else {
    const auto server =
        net::check_server_certificate(held.server, held.authority.certificate, settings_.hosts);
    if (server && !is_due(*server, clock_.wall())) return false;
    // It was good for two months: nobody shows what an earlier authority has signed.
    if (server) held.before.clear();
  }
  auto made = net::make_server_certificate(held.authority, settings_.hosts, from_now(kServerLife));
  if (!made) return std::unexpected(made.error());
  held.server = std::move(*made);
  return true;
}

std::string WebhookAuthority::still_valid(const std::string& certificates) const {
  std::vector<std::string> out;
  for (auto& one : net::certificates_in(certificates)) {
    const auto valid = net::validity_of(one);
    const bool known = std::ranges::find(out, one) != out.end();
    if (valid && valid->end > clock_.wall() && !known) out.push_back(std::move(one));
  }
  if (out.size() > kMostBefore) out.resize(kMostBefore);
  std::string joined;
  for (const auto& one : out) joined += one;
  return joined;
}

Validity WebhookAuthority::from_now(Duration life) const {
  const WallTime now = clock_.wall();
  return {.begin = now - kBackdated, .end = now + life};
}

Task<Result<Json>> WebhookAuthority::get(kube::ResourceType type, std::string ns,
                                         std::string name) {
  auto found = co_await kube_.get(type, std::move(ns), std::move(name));
  if (!found) co_return std::unexpected(explain(found.error(), "get", type));
  co_return found;
}

Task<Result<void>> WebhookAuthority::write_secret(Held held, std::string version) {
  JsonObject data{{"ca.crt", base64_encode(held.authority.certificate)},
                  {"ca.key", base64_encode(held.authority.key)},
                  {"tls.crt", base64_encode(held.server.certificate)},
                  {"tls.key", base64_encode(held.server.key)},
                  {"ca-before.crt", base64_encode(held.before)}};
  Json patch = JsonObject{{"metadata", JsonObject{{"resourceVersion", std::move(version)}}},
                          {"data", std::move(data)}};
  const kube::ResourceType type = secret_type();
  const auto written =
      co_await kube_.merge_patch(type, settings_.ns, settings_.secret, std::move(patch));
  if (!written) co_return std::unexpected(explain(written.error(), "patch", type));
  log_.info("made a new certificate for the webhook",
            {{"kind", type.kind}, {"namespace", settings_.ns}, {"name", settings_.secret}});
  co_return Result<void>{};
}

Task<Result<void>> WebhookAuthority::write_bundle(Json configuration, std::string bundle) {
  const std::string version = text_at(configuration, "metadata.resourceVersion");
  JsonArray patch{
      JsonObject{{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", version}}};
  for (std::size_t i = 0; i < hooks_of(configuration).size(); ++i) {
    patch.push_back(
        JsonObject{{"op", "add"},
                   {"path", "/webhooks/" + std::to_string(i) + "/clientConfig/caBundle"},
                   {"value", base64_encode(bundle)}});
  }
  const kube::ResourceType type = configuration_type();
  Json body = std::move(patch);
  const auto written =
      co_await kube_.json_patch(type, "", settings_.configuration, std::move(body));
  if (!written) co_return std::unexpected(explain(written.error(), "patch", type));
  log_.info("told the API server whom to trust as the webhook",
            {{"kind", type.kind}, {"namespace", ""}, {"name", settings_.configuration}});
  co_return Result<void>{};
}

Error WebhookAuthority::explain(const Error& error, const std::string& verb,
                                const kube::ResourceType& type) const {
  const bool is_secret = type.namespaced;
  const std::string text = is_secret ? name() : type.kind + " " + settings_.configuration;
  Error out = error.in("cannot " + verb + " " + text);
  if (error.code == Code::kDenied) {
    out.message = "the operator's account may not " + verb + " " + text +
                  "; give it get and patch on that one, as the chart does with rbac.create=true";
  }
  if (error.code == Code::kNotFound) {
    out.message =
        "there is no " + text +
        "; bring it back with helm upgrade, which makes it with webhooks.certMode=operator";
  }
  return out;
}

Result<net::PemPair> WebhookAuthority::wait() const {
  if (shown_) return *shown_;
  return fail(Code::kBusy, "the certificate is new, and the API server is being told to trust it");
}

}  // namespace infra
