#include "kube/kinds.h"

#include <stdexcept>

#include "kube/built_in.h"

namespace infra::sim {
namespace {

const Json& member(const Json& value, std::string_view path) {
  const Json* found = find_path(value, path);
  if (found == nullptr) {
    throw std::runtime_error("a CustomResourceDefinition has no " + std::string(path));
  }
  return *found;
}

const Json& stored_version(const Json& crd) {
  const JsonArray& versions = member(crd, "spec.versions").as_array();
  if (versions.size() != 1) {
    throw std::runtime_error("the fake API server knows only CRDs of one version");
  }
  return versions.front();
}

// Types of members of metadata are the same for all; the checks of metadata are in metadata.cc.
void open_root(Schema& root) {
  for (auto& [name, inner] : root.properties) {
    if (name == "metadata") inner.keeps_unknown = true;
  }
}

}  // namespace

std::string Kind::api_version() const { return group.empty() ? version : group + "/" + version; }

std::string Kind::qualified_name() const { return group.empty() ? name : name + "." + group; }

std::string Kind::qualified_plural() const { return group.empty() ? plural : plural + "." + group; }

KindPointer compile_crd(const Json& crd) {
  auto kind = std::make_shared<Kind>();
  const Json& version = stored_version(crd);
  kind->group = text_at(crd, "spec.group");
  kind->version = text_at(version, "name");
  kind->name = text_at(crd, "spec.names.kind");
  kind->list_name = text_at(crd, "spec.names.listKind");
  if (kind->list_name.empty()) kind->list_name = kind->name + "List";
  kind->plural = text_at(crd, "spec.names.plural");
  kind->namespaced = text_at(crd, "spec.scope") == "Namespaced";
  kind->custom = true;
  kind->has_status = find_path(version, "subresources.status") != nullptr;
  kind->counts_generations = true;
  kind->schema = compile_schema(member(version, "schema.openAPIV3Schema"));
  open_root(kind->schema);
  return kind;
}

const std::vector<KindPointer>& built_in_kinds() {
  static const std::vector<KindPointer> all{namespace_kind(), secret_kind(), event_kind(),
                                            lease_kind()};
  return all;
}

}  // namespace infra::sim
