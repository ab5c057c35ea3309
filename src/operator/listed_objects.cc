#include "operator/listed_objects.h"

#include <utility>

namespace infra {

std::string name_of(const kube::ResourceType& type, const Json& object) {
  return type.plural + ' ' + text_at(object, "metadata.namespace") + '/' +
         text_at(object, "metadata.name");
}

namespace {

using Take = std::function<void(const kube::ResourceType&, const Json&)>;

Task<Result<void>> list_one(kube::Client& kube, kube::ResourceType type, std::string ns,
                            Extent extent, const Take& take) {
  std::string token;
  do {
    kube::ListOptions options;
    options.limit = extent.page;
    options.continue_token = token;
    const auto page = co_await kube.list(type, ns, std::move(options));
    if (!page && page.error().code == Code::kNotFound) co_return Result<void>{};
    if (!page) co_return std::unexpected(page.error());
    const Json* items = find_path(*page, "items");
    if (items != nullptr && items->is_array()) {
      for (const Json& object : items->get_array()) take(type, object);
    }
    token = text_at(*page, "metadata.continue");
  } while (extent.all && !token.empty());
  co_return Result<void>{};
}

}  // namespace

Task<Result<void>> list_objects(kube::Client& kube, std::vector<kube::ResourceType> types,
                                std::vector<std::string> namespaces, Extent extent, Take take) {
  if (namespaces.empty()) namespaces.emplace_back();
  for (const auto& type : types) {
    for (const auto& ns : namespaces) {
      auto listed = co_await list_one(kube, type, ns, extent, take);
      if (!listed) co_return listed;
    }
  }
  co_return Result<void>{};
}

}  // namespace infra
