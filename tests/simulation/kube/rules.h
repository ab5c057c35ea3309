#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "kube/pattern.h"

namespace infra::sim {

// One of x-kubernetes-validations. The rules are written in CEL; here the forms that our CRDs use
// are recognised, and any other throws std::runtime_error.
struct Rule {
  enum class Form {
    kUnchanged,            // self == oldSelf
    kMemberUnchanged,      // has(self.F) == has(oldSelf.F) && (!has(self.F) || self.F == oldSelf.F)
    kMemberSameOrDefault,  // (has(self.F) ? self.F : D) == (has(oldSelf.F) ? oldSelf.F : D)
    kMemberNoMatch,        // !self.F.matches('RE')
    kIpv4Range,            // an address range of IPv4, or anything with a colon
    kShortest,             // size(self) >= N
    kEmptyOr,              // self == '' || ANOTHER
  };
  Form form = Form::kUnchanged;
  std::string member;
  Json fallback;  // D
  std::shared_ptr<const Pattern> pattern;
  std::size_t size = 0;
  std::vector<Rule> other;  // of kEmptyOr
  std::string message;

  // Runs only where there is a former value.
  bool compares() const;
  bool holds(const Json& self, const Json* old) const;
};

Rule compile_rule(const std::string& text, const std::string& message);

}  // namespace infra::sim
