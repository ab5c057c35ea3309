#include "operator/remaining.h"

namespace infra {
namespace {

std::string name_of(const kube::ResourceType& type, const Json& object) {
  return type.plural + ' ' + text_at(object, "metadata.namespace") + '/' +
         text_at(object, "metadata.name");
}

}  // namespace

Task<Result<std::vector<std::string>>> remaining_objects(kube::Client& kube,
                                                         std::vector<kube::ResourceType> types,
                                                         std::vector<std::string> namespaces) {
  if (namespaces.empty()) namespaces.emplace_back();
  std::vector<std::string> out;
  for (const auto& type : types) {
    for (const auto& ns : namespaces) {
      kube::ListOptions options;
      options.limit = 5;
      const auto page = co_await kube.list(type, ns, options);
      if (!page && page.error().code == Code::kNotFound) continue;  // not even its CRD is there
      if (!page) co_return std::unexpected(page.error());
      const Json* items = find_path(*page, "items");
      if (items == nullptr || !items->is_array()) continue;
      for (const auto& object : items->get_array()) out.push_back(name_of(type, object));
    }
  }
  co_return out;
}

}  // namespace infra
