#pragma once

#include <string>

#include "admission/review.h"
#include "definition/definition.h"

namespace infra::admission {

// What one object must not be because of others. A rule keeps what it needs to know of them where
// it finds it at once, and learns of each change: a review never looks through all objects.
class Rule {
 public:
  virtual ~Rule() = default;

  // An object of this kind as it was and as it is; null: it was not there, or has gone.
  virtual void note(const definition::Definition& kind, const Json& before, const Json& after) = 0;

  // Adds to the verdict about an object of this kind.
  virtual void check(const definition::Definition& kind, const Json& object,
                     Verdict& verdict) const = 0;
};

// "namespace/name"
std::string key_of(const Json& object);

// Whether it is to be deleted.
bool is_leaving(const Json& object);

// Whether an object has something in AWS for itself, or will have: not one that only watches, and
// not one on its way out.
bool claims(const Json& object);

// How another object is called towards somebody in this namespace: nobody learns what other
// namespaces hold.
std::string called(const std::string& kind, const std::string& key, const std::string& ns);

}  // namespace infra::admission
