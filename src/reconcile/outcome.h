#pragma once

#include <string>
#include <variant>

#include "base/clock.h"
#include "base/error.h"

namespace infra::reconcile {

struct Settled {};  // as declared; look again at the next check
struct Waiting {
  std::string reason, message;
  Duration after;  // 0: with growing pauses
};  // AWS or another object is busy
struct Blocked {
  std::string reason, message;
};  // the user must change something
struct Failed {
  Error error;
};  // try again with backoff
struct Gone {};  // the object may go, or has gone

using Outcome = std::variant<Settled, Waiting, Blocked, Failed, Gone>;

}  // namespace infra::reconcile
