#include "kube/object_checks.h"

#include "kube/metadata.h"
#include "kube/schema.h"

namespace infra::sim {
namespace {

void check_type(const Json& object, const Kind& kind, FieldErrors& errors) {
  const auto name = text_at(object, "kind");
  const auto version = text_at(object, "apiVersion");
  if (name != kind.name) {
    errors.push_back({.field = "kind", .value = Json(name), .detail = "must be " + kind.name});
  }
  if (version != kind.api_version()) {
    errors.push_back(
        {.field = "apiVersion", .value = Json(version), .detail = "must be " + kind.api_version()});
  }
}

// Where these are found, rules are not looked at.
bool hides_rules(const FieldErrors& errors) {
  for (const auto& error : errors) {
    switch (error.type) {
      case FieldError::Type::kNotSupported:
      case FieldError::Type::kRequired:
      case FieldError::Type::kTooLong:
      case FieldError::Type::kTooMany:
      case FieldError::Type::kWrongType: return true;
      default: break;
    }
  }
  return false;
}

void check_custom(const Json& object, const Json* old, const Kind& kind, FieldErrors& errors) {
  check(object, kind.schema, "", errors);
  if (!kind.schema.rules_below) return;
  if (hides_rules(errors)) {
    errors.push_back({.field = "",
                      .value = Json(nullptr),
                      .detail = "some validation rules were not checked because the object was "
                                "invalid; correct the existing errors to complete validation"});
    return;
  }
  check_rules(object, old, kind.schema, "", errors);
}

}  // namespace

FieldErrors all_errors(const Json& object, const Json* old, const Kind& kind) {
  FieldErrors errors;
  check_metadata(object, kind, errors);
  if (old != nullptr) check_metadata_update(object, *old, errors);
  if (kind.custom) check_type(object, kind, errors);
  if (kind.custom) check_custom(object, old, kind, errors);
  if (kind.check != nullptr) kind.check(object, old, errors);
  return errors;
}

}  // namespace infra::sim
