#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "core/random.h"

namespace infra::sim {

// What users write for one kind: a spec, and changes of it, as merge patches. "{n}" stands for a
// number of its own. A number within the first edit is as good as its neighbours, so specs can be
// combined at will.
struct Sample {
  std::string kind;
  std::string spec;
  std::vector<std::string> edits;
  // A deletion policy that few kinds have; empty: only Delete and Retain.
  std::string own_policy = {};
};

// Those of the kinds that worlds have: all that the fake AWS can serve. Of others the operator has
// the definitions in a world too, and no objects.
const std::vector<Sample>& samples();
// Each once.
const std::vector<std::string>& sampled_kinds();
// A kind that is several things in AWS has a sample of each, one after the other; objects take them
// in turn, by their number.
int forms_of(const std::string& kind);
const Sample& sample_of(const std::string& kind, int number);

// The spec of a sample with its number put in, and providerRef and deletion policy besides.
Json spec_of(const Sample& sample, int number, const std::string& deletion_policy);
Json edit_of(const Sample& sample, std::size_t index, int number);

// The Secret that a spec takes a value from; empty: none.
std::string values_of(const Json& spec);

// The name in AWS that the spec decides; empty where AWS assigns one.
std::string chosen_name(const std::string& kind, const Json& spec);

}  // namespace infra::sim
