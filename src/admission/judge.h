#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "admission/rule.h"
#include "admission/still_used.h"

namespace infra::admission {

// What is refused rather than warned of.
struct Strictness {
  bool dangers = false;          // what is allowed and seldom meant
  bool deletion_in_use = false;  // the deletion of what others still use
};

// Judges what is to be written by what it was told of the objects that are there. Pure: a review
// changes nothing, so that dry runs are safe, and waits for nothing.
class Judge {
 public:
  // The definitions outlive it; `provider` is that of AWSProvider.
  Judge(std::span<const definition::Definition> definitions, const definition::Definition& provider,
        Strictness strictness = {});

  // An object as it was and as it is; null: it was not there, or has gone.
  void note(const definition::Definition& kind, const Json& before, const Json& after);
  // Every object has been told. Until then what takes a look at others is let pass with a warning.
  void set_complete() { complete_ = true; }

  // Null where it is no kind of ours.
  const definition::Definition* kind_of(const Review& review) const;
  Verdict judge(const Review& review) const;

 private:
  Verdict judge_deletion(const definition::Definition& kind, const Json& object) const;
  Verdict look_at(const definition::Definition& kind, const Json& object) const;

  const definition::Definition& provider_;
  Strictness strictness_;
  std::map<std::string, const definition::Definition*> kinds_;
  std::vector<std::unique_ptr<Rule>> rules_;
  StillUsed still_used_;
  bool complete_ = false;
};

}  // namespace infra::admission
