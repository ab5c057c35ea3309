#include "aws/retry.h"

#include <algorithm>
#include <cmath>

namespace infra::aws {

bool RetryQuota::take(const Error& error) {
  const int cost = error.code == Code::kDeadline ? kTimeoutCost : kCost;
  if (left_ < cost) return false;
  left_ -= cost;
  last_cost_ = cost;
  return true;
}

void RetryQuota::give_back(bool retried) {
  left_ = std::min(kCapacity, left_ + (retried ? last_cost_ : 1));
}

Duration retry_wait(int attempt, const Error& error, double random) {
  constexpr double kMost = 20'000;
  const double bound = std::min(kMost, 1000.0 * std::exp2(attempt - 1));
  const Duration jittered(static_cast<std::int64_t>(std::clamp(random, 0.0, 1.0) * bound));
  return std::max(jittered, error.retry_after.value_or(Duration{0}));
}

bool worth_retrying(const Error& error, bool repeatable) {
  if (error.code == Code::kThrottled) return true;  // refused before anything was done
  return repeatable && (error.code == Code::kUnavailable || error.code == Code::kDeadline);
}

}  // namespace infra::aws
