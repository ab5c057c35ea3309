#include "admission/rule.h"

#include "planning/access.h"

namespace infra::admission {

std::string key_of(const Json& object) {
  return text_at(object, "metadata.namespace") + "/" + text_at(object, "metadata.name");
}

bool is_leaving(const Json& object) {
  return find_path(object, "metadata.deletionTimestamp") != nullptr;
}

bool claims(const Json& object) {
  return object.is_object() && !is_leaving(object) &&
         planning::annotation_of(object, "policy") != "observe";
}

std::string called(const std::string& kind, const std::string& key, const std::string& ns) {
  return key.starts_with(ns + "/") ? kind + " " + key : "an object of another namespace";
}

}  // namespace infra::admission
