#pragma once

#include <map>

#include "admission/rule.h"

namespace infra::admission {

// ARNs are of the partition that the provider signs in to: those of China and GovCloud lead nowhere
// from elsewhere, and the other way round. Told as a warning, as a text may be meant for others. So
// is a value that AWS does not have in that partition (`notIn`): it may have come since.
class Partitions final : public Rule {
 public:
  // The definition of AWSProvider; outlives the rule.
  explicit Partitions(const definition::Definition& provider) : provider_(provider) {}

  void note(const definition::Definition& kind, const Json& before, const Json& after) override;
  void check(const definition::Definition& kind, const Json& object,
             Verdict& verdict) const override;

 private:
  const definition::Definition& provider_;
  std::map<std::string, std::string> partitions_;  // by provider
};

}  // namespace infra::admission
