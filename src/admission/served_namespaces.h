#pragma once

#include <map>

#include "admission/rule.h"

namespace infra::admission {

// An AWSProvider serves the namespaces that it says. One that is not there yet is no fault:
// manifests are applied in any order.
class ServedNamespaces final : public Rule {
 public:
  // The definition of AWSProvider; outlives the rule.
  explicit ServedNamespaces(const definition::Definition& provider) : provider_(provider) {}

  void note(const definition::Definition& kind, const Json& before, const Json& after) override;
  void check(const definition::Definition& kind, const Json& object,
             Verdict& verdict) const override;

 private:
  const definition::Definition& provider_;
  std::map<std::string, Json> providers_;  // by key
};

}  // namespace infra::admission
