#include "operator/remaining.h"

#include <utility>

#include "operator/listed_objects.h"

namespace infra {

Task<Result<std::vector<std::string>>> remaining_objects(kube::Client& kube,
                                                         std::vector<kube::ResourceType> types,
                                                         std::vector<std::string> namespaces) {
  std::vector<std::string> out;
  std::function<void(const kube::ResourceType&, const Json&)> take =
      [&out](const kube::ResourceType& type, const Json& object) {
        out.push_back(name_of(type, object));
      };
  const Extent few{.page = 5, .all = false};
  const auto listed =
      co_await list_objects(kube, std::move(types), std::move(namespaces), few, std::move(take));
  if (!listed) co_return std::unexpected(listed.error());
  co_return out;
}

}  // namespace infra
