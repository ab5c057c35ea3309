#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "kube/field_errors.h"
#include "kube/schema.h"

namespace infra::sim {

// A type of objects that the server keeps.
struct Kind {
  std::string group, version, name, list_name, plural;
  bool namespaced = true;
  bool custom = false;      // by a CRD
  bool has_status = false;  // the subresource
  bool counts_generations = false;
  bool updates_without_version = false;  // a PUT may leave out metadata.resourceVersion
  bool created_by_update = false;        // a PUT may create
  bool name_is_label = false;            // else metadata.name is a DNS subdomain
  bool any_name = false;                 // or anything
  std::vector<std::string> fields;       // that a field selector may name, beside metadata's
  Schema schema;
  // For the built-in types: what the server fills in, and what it checks beyond the schema. `old`
  // is null at a create.
  void (*fill)(Json& object) = nullptr;
  void (*check)(const Json& object, const Json* old, FieldErrors& errors) = nullptr;

  std::string api_version() const;
  std::string qualified_name() const;    // "VPC.aws-infra-operator.runner.codes"
  std::string qualified_plural() const;  // "vpcs.aws-infra-operator.runner.codes"
};

using KindPointer = std::shared_ptr<const Kind>;

// Namespace, Secret, Event, Lease.
const std::vector<KindPointer>& built_in_kinds();

// Throws std::runtime_error where the CRD has something that this server does not know.
KindPointer compile_crd(const Json& crd);

}  // namespace infra::sim
