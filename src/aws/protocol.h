#pragma once

#include <string>

#include "aws/model.h"
#include "base/error.h"
#include "base/json.h"
#include "net/http.h"

namespace infra::aws {

struct EncodedRequest {
  std::string method;
  std::string target;  // path and query, percent-encoded
  net::Headers headers;
  std::string body;
  std::string host_prefix;  // goes in front of the endpoint's host
};

// Input and output are JSON with the member names of the model. Blobs are base64 text, times are
// RFC 3339 text (numbers since 1970 are taken too), NaN and infinities are text.

// kInvalid with the path of the member for unknown members, missing ones and wrong types.
Result<EncodedRequest> encode(const ServiceModel& model, const Operation& operation,
                              const Json& input);

// Gives the operation's idempotency token this value, if it has one and the input names none.
void fill_token(const Operation& operation, Json& input, const std::string& token);

// The target of a request to an endpoint whose URL has a path.
std::string below(std::string base, const std::string& target);

// A status of 300 or more becomes a classified error; a success that cannot be read is
// kUnavailable, since the outcome is then unknown.
Result<Json> decode(const ServiceModel& model, const Operation& operation,
                    const net::HttpResponse& response);

// The error in an answer that is none of 2xx.
Error decode_error(const ServiceModel& model, const Operation& operation,
                   const net::HttpResponse& response);

// What an AWS error code means to us. An empty code leaves the status alone to decide.
Code classify(std::string_view remote_code, int http_status);

}  // namespace infra::aws
