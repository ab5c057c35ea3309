#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "kube/pattern.h"

namespace infra::sim::cel {

// An expression of CEL, as far as the rules of our CRDs use the language.
struct Node {
  enum class Op {
    kLiteral,  // literal
    kList,
    kVariable,  // name
    kMember,    // name, of parts[0]
    kHas,       // likewise
    kIndex,
    kNot,
    kAnd,
    kOr,
    kChoice,  // parts[0] ? parts[1] : parts[2]
    kEqual,
    kUnequal,
    kLess,
    kAtMost,
    kMore,
    kAtLeast,
    kIn,
    kPlus,
    kSize,
    kInt,
    kMatches,  // pattern, in parts[0]
    kContains,
    kStartsWith,
    kEndsWith,
    kSplit,
    kAll,  // of each item of parts[0], called name: parts[1]
    kExists,
    kExistsOne,
  };
  Op op = Op::kLiteral;
  std::string name{};
  Json literal{};
  std::shared_ptr<const Pattern> pattern{};
  std::vector<Node> parts{};
};

}  // namespace infra::sim::cel
