#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"

namespace infra::sim {

// What can happen to one request. Committed: the server has done what was asked.
enum class Fault {
  kNone,
  kRefused,        // no connection; nothing arrives
  kLostRequest,    // nothing arrives, and the caller waits until its deadline
  kLostAnswer,     // committed; the connection breaks
  kAnswerTooLate,  // committed; the caller's deadline comes first
  kServerError,    // 500, nothing done
  kErrorAfter,     // committed, and answered with 500
  kBrokenAnswer,   // committed; the answer is cut in the middle
  kSlow,           // seconds late, both ways
  kThrottled,
  kDenied,
  kTwice,           // something on the way delivers it twice
  kCrashBefore,     // the process dies as it sends
  kCrashCommitted,  // committed; the process dies before the answer arrives
  kCrashAfter,      // the process dies as the answer arrives
};
inline constexpr int kFaultCount = int(Fault::kCrashAfter) + 1;

std::string_view to_string(Fault fault);
std::optional<Fault> fault_named(std::string_view name);

// Which fault happens to which request. A request is known by what it is and its number among its
// like ("ec2 CreateVpc #2"), so that leaving out one fault moves the others as little as possible.
class FaultPlan {
 public:
  FaultPlan(std::uint64_t seed, std::map<Fault, double> rates);

  // Draws from the rates, or from what was written down if that was given.
  Fault draw(const std::string& request);
  // Only these happen, and none is drawn.
  void only(std::map<std::string, Fault> faults) { only_ = std::move(faults); }
  // No more faults.
  void calm() { calm_ = true; }

  // What has happened, in order.
  const std::vector<std::pair<std::string, Fault>>& fired() const { return fired_; }

 private:
  std::uint64_t seed_;
  std::map<Fault, double> rates_;
  std::optional<std::map<std::string, Fault>> only_;
  bool calm_ = false;
  std::vector<std::pair<std::string, Fault>> fired_;
};

}  // namespace infra::sim
