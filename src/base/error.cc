#include "base/error.h"

#include <utility>

namespace infra {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kNotFound: return "NotFound";
    case Code::kAlreadyExists: return "AlreadyExists";
    case Code::kConflict: return "Conflict";
    case Code::kBusy: return "Busy";
    case Code::kInvalid: return "Invalid";
    case Code::kDenied: return "AccessDenied";
    case Code::kUnauthenticated: return "Unauthenticated";
    case Code::kThrottled: return "Throttled";
    case Code::kUnavailable: return "Unavailable";
    case Code::kDeadline: return "DeadlineExceeded";
    case Code::kBlocked: return "Blocked";
    case Code::kExpired: return "Expired";
    case Code::kCancelled: return "Cancelled";
    case Code::kInternal: return "Internal";
  }
  return "Internal";
}

Error Error::in(std::string_view context) const {
  Error copy = *this;
  copy.message = std::string(context) + ": " + message;
  return copy;
}

std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

bool outcome_unknown(const Error& error) {
  switch (error.code) {
    case Code::kUnavailable:
    case Code::kDeadline:
    case Code::kCancelled:
    case Code::kInternal: return true;
    default: return false;
  }
}

}  // namespace infra
