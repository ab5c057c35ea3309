#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace infra {

// What the caller can do about an error. Wire errors are classified into these once, at the edge
// (src/aws and src/kube); everything above branches on the code alone.
enum class Code {
  kNotFound,         // the other side says, positively, that the thing is not there
  kAlreadyExists,    // a create met something with the same name
  kConflict,         // somebody else changed it first: read again and retry
  kBusy,             // the other side is still at something else with it: later
  kInvalid,          // the request can never succeed as it is: the user must change something
  kDenied,           // authenticated, but not allowed
  kUnauthenticated,  // credentials missing, wrong or expired
  kThrottled,        // slow down and retry
  kUnavailable,      // not reachable, 5xx, or an answer that cannot be read: the outcome is unknown
  kDeadline,         // out of time: the outcome is unknown
  kBlocked,          // refused until something else changes (dependency, protection, not empty)
  kExpired,          // a watch position or page token is too old: start over
  kCancelled,        // we were told to stop
  kInternal,         // a bug on our side
};

// The spelling used in logs, metrics and condition reasons, such as "NotFound".
std::string_view to_string(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;           // a sentence; never holds a secret
  std::string remote_code = {};  // AWS error code or Kubernetes reason
  int http_status = 0;           // 0: no answer came
  std::string request_id = {};   // AWS request id, if the answer had one
  std::optional<std::chrono::milliseconds> retry_after = {};  // what the other side asked for

  // The same error with `context` in front: "cannot read VPC vpc-1: ...".
  [[nodiscard]] Error in(std::string_view context) const;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] std::unexpected<Error> fail(Code code, std::string message);

// True where a request may have been carried out although no success was read. Such an outcome
// must never be taken for "absent" or "not created".
bool outcome_unknown(const Error& error);

}  // namespace infra
