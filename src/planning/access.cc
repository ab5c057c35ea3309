#include "planning/access.h"

#include <algorithm>

#include "base/text.h"
#include "planning/decide.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

bool lists(const std::vector<std::string>& namespaces, const std::string& ns) {
  return std::ranges::any_of(namespaces,
                             [&ns](const std::string& one) { return one == ns || one == "*"; });
}

}  // namespace

std::string annotation_of(const Json& object, std::string_view name) {
  // Annotation keys hold dots, so they are no paths.
  const Json* all = find_path(object, "metadata.annotations");
  if (all == nullptr || !all->is_object()) return {};
  const std::string key = std::string(kGroup) + "/" + std::string(name);
  const Json* value = all->get_object().if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::string provider_key_of(const Json& object) {
  const std::string name = text_at(object, "spec.providerRef.name");
  if (name.empty()) return {};
  const std::string ns = text_at(object, "spec.providerRef.namespace");
  return (ns.empty() ? text_at(object, "metadata.namespace") : ns) + "/" + name;
}

bool serves(const Json& provider, const std::string& ns) {
  return text_at(provider, "metadata.namespace") == ns ||
         lists(texts_at(provider, "spec.allowedNamespaces"), ns);
}

std::string does_not_serve(const std::string& provider_key, const std::string& ns) {
  return "AWSProvider " + provider_key + " does not serve namespace " + ns +
         "; name it in the provider's spec.allowedNamespaces";
}

bool lets_refer(const Json& object, const std::string& ns) {
  return text_at(object, "metadata.namespace") == ns ||
         lists(split_list(annotation_of(object, "allow-references-from")), ns);
}

std::string partition_of(std::string_view arn) {
  if (!arn.starts_with("arn:aws")) return {};
  return std::string(arn.substr(4, arn.find(':', 4) - 4));
}

}  // namespace infra::planning
