#include "operator/provider_grants.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <regex>

#include "base/text.h"
#include "reconcile/pass.h"

namespace infra {
namespace {

bool stands_for(std::string_view listed, std::string_view ns) {
  return listed == "*" || listed == ns;
}

}  // namespace

std::string pod_identity_label() { return reconcile::group_key("pod-identity"); }

Result<ProviderGrants::Role> parse_role_grant(std::string_view text) {
  const auto equals = text.find('=');
  const std::string ns(text.substr(0, equals));
  const std::string pattern(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  const bool good = !ns.empty() && (pattern == "*" || pattern.starts_with("arn:"));
  if (!good) {
    return fail(Code::kInvalid,
                fmt::format("takes NAMESPACE=ARN, such as team-a=arn:aws:iam::111122223333:role/"
                            "team-a-*; got '{}'",
                            text));
  }
  return ProviderGrants::Role{.ns = ns, .pattern = pattern};
}

Result<std::string> parse_endpoint_grant(std::string_view text) {
  static const std::regex kPlace(R"((https?)://(\[[0-9a-f:*]+\]|[a-z0-9.*-]+)(:([0-9*]+))?/?)",
                                 std::regex::icase);
  std::cmatch found;
  if (!std::regex_match(text.begin(), text.end(), found, kPlace)) {
    return fail(Code::kInvalid,
                fmt::format("takes SCHEME://HOST:PORT, such as http://localstack.dev.svc:4566; got "
                            "'{}'",
                            text));
  }
  const std::string scheme = boost::algorithm::to_lower_copy(found.str(1));
  std::string host = boost::algorithm::to_lower_copy(found.str(2));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::string usual = scheme == "https" ? "443" : "80";
  return scheme + "://" + host + ":" + (found[4].matched ? found.str(4) : usual);
}

std::string place_of(const net::Url& url) {
  return url.scheme + "://" + boost::algorithm::to_lower_copy(url.host) + ":" +
         std::to_string(url.port);
}

bool lists_namespace(const ProviderGrants& grants, const std::string& ns) {
  const bool own = !grants.own_namespace.empty() && ns == grants.own_namespace;
  return own || std::ranges::any_of(grants.namespaces,
                                    [&ns](const auto& listed) { return stands_for(listed, ns); });
}

bool is_labelled(const Json& ns) {
  const Json* labels = find_path(ns, "metadata.labels");
  if (labels == nullptr || !labels->is_object()) return false;
  const Json* value = labels->get_object().if_contains(pod_identity_label());
  return value != nullptr && *value == Json(kPodIdentityAllowed);
}

std::unexpected<Error> refuse_identity(const ProviderGrants& grants, const std::string& ns) {
  const std::string label = grants.by_label ? fmt::format("label the namespace {}={}, ",
                                                          pod_identity_label(), kPodIdentityAllowed)
                                            : "";
  return fail(Code::kDenied,
              fmt::format("providers of namespace {} may not use the operator's own AWS identity; "
                          "name keys in spec.credentialsSecret, {}or put the namespace into "
                          "providers.podIdentity.namespaces of the chart's values",
                          ns, label));
}

Result<void> may_assume(const ProviderGrants& grants, const std::string& ns,
                        const std::string& role_arn) {
  const bool granted = std::ranges::any_of(grants.roles, [&](const auto& role) {
    return stands_for(role.ns, ns) && fits(role.pattern, role_arn);
  });
  if (granted) return {};
  return fail(Code::kDenied,
              fmt::format("providers of namespace {} may not assume {} with the operator's own AWS "
                          "identity; grant it in providers.podIdentity.roles of the chart's values",
                          ns, role_arn));
}

Result<void> may_reach(const ProviderGrants& grants, const std::string& endpoint) {
  const auto url = net::parse_url(endpoint);
  if (!url) return std::unexpected(url.error().in("spec.endpoint"));
  const std::string place = place_of(*url);
  const bool granted = std::ranges::any_of(
      grants.endpoints, [&place](const auto& listed) { return fits(listed, place); });
  if (granted) return {};
  return fail(Code::kDenied,
              fmt::format("spec.endpoint {} is not among the endpoints that providers may name; "
                          "put it into providers.endpoints of the chart's values",
                          endpoint));
}

}  // namespace infra
