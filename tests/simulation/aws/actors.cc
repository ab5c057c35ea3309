#include "aws/fake_aws.h"

namespace infra::sim {

std::string FakeAws::tamper(Random&, bool) { return {}; }
std::string FakeAws::squat(const std::string&, const std::string&, bool) { return {}; }

}  // namespace infra::sim
