#pragma once

#include <string>

#include "aws/request.h"

namespace infra::sim {

// What a service says, before it is put into the form of its protocol.
struct Answer {
  int status = 200;
  std::string body;        // XML below the result element, or JSON
  bool has_result = true;  // query protocol: false where the operation has no output at all
  net::Headers headers{};
  std::string code{};  // empty: success
  std::string message{};
  std::string query_code{};  // SQS: the code as the old query protocol spelled it, if other
};

inline Answer refused(int status, std::string code, std::string message) {
  return {.status = status, .code = std::move(code), .message = std::move(message)};
}
inline Answer done(std::string body = {}) { return {.body = std::move(body)}; }
inline Answer done_silently() { return {.has_result = false}; }

std::string http_date(WallTime time);

// The answer as the service of that request would send it.
net::HttpResponse to_http(const Request& request, Answer answer, const std::string& request_id,
                          WallTime now);

// The service's own way to give a refusal that has nothing to do with what was asked.
Answer general_refusal(const Request& request, AwsRefusal why);

}  // namespace infra::sim
