#include "definition/crd_template.h"

#include <string_view>

#include "definition/crd.h"
#include "definition/yaml_writer.h"

namespace infra::definition {
namespace {

constexpr std::string_view kBegin = "# {{- if .Values.crds.install }}\n";
constexpr std::string_view kMetadata =
    "  # {{- include \"infra-operator.crdMetadata\" . | nindent 2 }}\n";
constexpr std::string_view kEnd = "# {{- end }}\n";

// A text with braces is always in quotes, where \u007b is a brace.
void hide_braces(std::string& yaml) {
  for (auto at = yaml.find("{{"); at != std::string::npos; at = yaml.find("{{", at)) {
    yaml.replace(at, 2, "{\\u007b");
  }
}

}  // namespace

std::string crd_template(const Definition& definition) {
  std::string yaml = to_yaml(make_crd(definition));
  hide_braces(yaml);
  yaml.insert(yaml.find("\nspec:\n") + 1, kMetadata);  // at the end of the metadata
  return std::string(kBegin) + yaml + std::string(kEnd);
}

}  // namespace infra::definition
