#include "kube/crd_files.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "definition/yaml_reader.h"

namespace infra::sim {

std::vector<Json> read_crds(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  if (paths.empty()) throw std::runtime_error("there are no CRDs in " + folder);
  std::vector<Json> out;
  for (const auto& path : paths) out.push_back(definition::to_json(YAML::LoadFile(path)));
  return out;
}

}  // namespace infra::sim
