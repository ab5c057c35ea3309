#include "app/ask_cluster.h"

#include "definition/loader.h"
#include "operator/watched_kind.h"

namespace infra::app {

Result<std::vector<kube::ResourceType>> all_types() {
  auto definitions = definition::load_embedded();
  if (!definitions) return std::unexpected(definitions.error());
  auto provider = definition::load_provider();
  if (!provider) return std::unexpected(provider.error());
  definitions->push_back(std::move(*provider));
  std::vector<kube::ResourceType> out;
  for (const auto& definition : *definitions) out.push_back(resource_type(definition));
  return out;
}

}  // namespace infra::app
