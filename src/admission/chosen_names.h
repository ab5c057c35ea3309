#pragma once

#include <map>
#include <set>

#include "admission/rule.h"

namespace infra::admission {

// No two objects of a kind name the same thing in AWS through the same provider.
class ChosenNames final : public Rule {
 public:
  void note(const definition::Definition& kind, const Json& before, const Json& after) override;
  void check(const definition::Definition& kind, const Json& object,
             Verdict& verdict) const override;

 private:
  std::map<std::string, std::set<std::string>> owners_;  // a claim, and the keys of who makes it
};

}  // namespace infra::admission
