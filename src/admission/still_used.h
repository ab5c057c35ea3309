#pragma once

#include "admission/rule.h"
#include "reconcile/reference_users.h"

namespace infra::admission {

// Who says so before an object is deleted that others use: providers by their objects, and objects
// by those that refer to them. The finalizer keeps it until they have gone, whatever is said here.
class StillUsed {
 public:
  // The definition of AWSProvider, which outlives this.
  explicit StillUsed(const definition::Definition& provider) : provider_(provider) {}

  // An object of this kind as it was and as it is; null: it was not there, or has gone.
  void note(const definition::Definition& kind, const Json& before, const Json& after);

  // A sentence where others use it. Two that use each other are in nobody's way: neither could go
  // first.
  std::optional<std::string> why_not(const definition::Definition& kind, const Json& object) const;

 private:
  reconcile::Asked asked_by(const definition::Definition& kind, const Json& object) const;

  const definition::Definition& provider_;
  reconcile::ReferenceUsers users_;
};

}  // namespace infra::admission
