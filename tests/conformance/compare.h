#pragma once

#include <string>

#include "aws/model.h"

namespace infra::conformance {

// Cases give blobs as plain text; the library takes and gives base64.
Json blobs_to_base64(const aws::Shape& shape, const Json& value);

// Equal, where times may be text on our side and anything on theirs.
bool matches(const Json& actual, const Json& expected);

// Equal bodies of a request; in JSON and XML, white space and order of attributes do not count.
bool same_body(const std::string& protocol, const std::string& actual, const std::string& expected);

}  // namespace infra::conformance
