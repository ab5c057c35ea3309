#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "admission/rule.h"
#include "planning/network.h"

namespace infra::admission {

// The word `ranges` of a definition: the range of an inner object, such as a Subnet, lies within
// that of its outer one, such as a VPC, and overlaps none of its siblings'.
class InnerRanges final : public Rule {
 public:
  // Both outlive the rule.
  InnerRanges(const definition::Definition& inner, const definition::InnerRange& word);

  void note(const definition::Definition& kind, const Json& before, const Json& after) override;
  void check(const definition::Definition& kind, const Json& object,
             Verdict& verdict) const override;

 private:
  struct Spelled {
    std::string text;
    planning::Range range;
  };
  struct Outer {
    Json object;
    std::vector<Spelled> ranges;  // of spec, and those that AWS shows
  };
  // An outer object has two names: "default/network" by which references name it, and the id that
  // AWS gave it. Written as "=vpc-1", an id is never taken for a key.
  using Name = std::string;

  static std::optional<Spelled> range_in(std::string text);
  std::vector<Spelled> ranges_of(const Json& outer) const;
  Name name_of_outer(const Json& inner) const;
  Name id_name(const Json& outer) const;
  std::string family(const Json& inner, const Name& outer) const;
  std::set<Name> all_names(const Name& name) const;

  void note_outer(const Json& before, const Json& after);
  void note_inner(const Json& before, const Json& after);
  bool lies_within(const Json& object, const Spelled& range, Verdict& verdict) const;
  std::string not_within(const Spelled& range, const Outer& outer, const Name& name) const;
  void check_siblings(const Json& object, const Spelled& range, Verdict& verdict) const;

  const definition::Definition& inner_;
  const definition::InnerRange& word_;
  const definition::Reference& reference_;
  std::map<std::string, Outer> outers_;               // by key
  std::map<Name, std::set<std::string>> keys_of_id_;  // of outer objects
  // Siblings, by their keys.
  std::map<std::string, std::map<std::string, planning::Range>> families_;
};

}  // namespace infra::admission
