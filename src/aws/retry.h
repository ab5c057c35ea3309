#pragma once

#include "base/clock.h"
#include "base/error.h"

namespace infra::aws {

// How often a client may try again at all: when everything fails, retries make it worse. Starts
// full; a retry takes from it, a success gives back.
class RetryQuota {
 public:
  bool take(const Error& error);
  // After a success; `retried` if that call had taken something.
  void give_back(bool retried);
  int left() const { return left_; }

 private:
  static constexpr int kCapacity = 500;
  static constexpr int kCost = 5;
  static constexpr int kTimeoutCost = 10;  // a timeout says more about the other side
  int left_ = kCapacity;
  int last_cost_ = kCost;
};

// The wait before attempt `attempt` + 1 (the first attempt is 1): anything from nothing to a
// bound that doubles, 20 s at most; what the other side asks for is a lower bound.
Duration retry_wait(int attempt, const Error& error, double random);

// Whether the same request may be sent again. `repeatable`: repeating it does no harm even where
// the first one was carried out.
bool worth_retrying(const Error& error, bool repeatable);

}  // namespace infra::aws
