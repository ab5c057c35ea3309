#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace infra::reconcile {

// One custom resource as the API server gave it. A thin view: the JSON is the truth.
class Object {
 public:
  explicit Object(Json json) : json_(std::move(json)) {}

  const Json& json() const { return json_; }
  std::string uid() const { return text_at(json_, "metadata.uid"); }
  std::string name() const { return text_at(json_, "metadata.name"); }
  std::string namespace_name() const { return text_at(json_, "metadata.namespace"); }
  std::string resource_version() const { return text_at(json_, "metadata.resourceVersion"); }
  std::int64_t generation() const;
  bool deleting() const { return find_path(json_, "metadata.deletionTimestamp") != nullptr; }
  // Live as long as the object does, and is not assigned to; empty when absent.
  const Json& spec() const { return part("spec"); }
  const Json& status() const { return part("status"); }
  // Value of an annotation of our group, such as "paused"; empty when absent.
  std::string annotation(std::string_view name) const;
  std::vector<std::string> finalizers() const;

 private:
  const Json& part(std::string_view name) const;
  Json json_;
};

// The last pass over it found everything as declared.
bool is_ready(const Json& object);

}  // namespace infra::reconcile
