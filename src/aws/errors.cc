#include <algorithm>

#include "aws/protocol.h"
#include "aws/xml.h"
#include "net/retry_after.h"

namespace infra::aws {
namespace {

struct Found {
  std::string code;
  std::string message;
  std::string request_id;
};

// "namespace#Code:http://..." is how JSON services may decorate a code.
std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  if (const auto hash = code.rfind('#'); hash != std::string_view::npos) {
    code = code.substr(hash + 1);
  }
  return std::string(code);
}

std::string first_text(const Json& body, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    const Json* found = body.is_object() ? body.as_object().if_contains(name) : nullptr;
    if (found != nullptr && found->is_string()) return std::string(found->as_string());
  }
  return {};
}

Found read_json_error(const net::HttpResponse& response) {
  Found found;
  if (const auto parsed = parse_json(response.body)) {
    found.code = bare_code(first_text(*parsed, {"__type", "code", "Code"}));
    found.message = first_text(*parsed, {"message", "Message", "errorMessage"});
  }
  const auto from_header = net::header(response.headers, "x-amzn-errortype");
  if (!from_header.empty()) found.code = bare_code(from_header);
  return found;
}

Found read_xml_error(const net::HttpResponse& response) {
  pugi::xml_document document;
  Found found;
  if (!document.load_buffer(response.body.data(), response.body.size())) return found;
  const pugi::xml_node root = document.document_element();
  pugi::xml_node error = root;
  if (const auto list = child_named(root, "Errors")) error = child_named(list, "Error");
  if (const auto direct = child_named(root, "Error")) error = direct;
  found.code = child_named(error, "Code").text().get();
  found.message = child_named(error, "Message").text().get();
  if (found.message.empty()) found.message = child_named(error, "message").text().get();
  for (const auto* name : {"RequestId", "RequestID"}) {
    for (const auto& node : {root, error}) {
      if (found.request_id.empty()) found.request_id = child_named(node, name).text().get();
    }
  }
  return found;
}

bool one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

bool has(std::string_view code, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(
      parts, [code](std::string_view part) { return code.find(part) != std::string_view::npos; });
}

bool throttling(std::string_view code) {
  return code.starts_with("Throttl") ||
         has(code, {"TooManyRequests", "RequestThrottled", "EC2Throttled"}) ||
         one_of(code, {"RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown",
                       "PriorRequestNotComplete", "ProvisionedThroughputExceededException",
                       "TransactionInProgressException"});
}

bool unauthenticated(std::string_view code) {
  return has(code, {"ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch", "AuthFailure",
                    "UnrecognizedClient", "InvalidSignature", "IncompleteSignature",
                    "MissingAuthenticationToken", "InvalidAccessKeyId", "RequestExpired",
                    "RequestTimeTooSkewed", "InvalidToken"});
}

}  // namespace

Code classify(std::string_view code, int status) {
  if (throttling(code) || status == 429) return Code::kThrottled;
  if (status >= 500 || status < 400 || status == 408 || code == "RequestTimeout") {
    return Code::kUnavailable;
  }
  if (unauthenticated(code)) return Code::kUnauthenticated;
  // These come with 404 too, but say nothing about any resource.
  if (has(code, {"UnknownOperation", "InvalidAction"})) return Code::kInvalid;
  if (has(code, {"AlreadyExist", "Duplicate", "BucketAlready", "NameExists"})) {
    return Code::kAlreadyExists;
  }
  if (has(code, {"DependencyViolation", "DeleteConflict", "BucketNotEmpty", "InUse"})) {
    return Code::kBlocked;
  }
  if (has(code, {"ConcurrentModification", "ConcurrentAccess", "StaleTag", "OperationAborted",
                 "ResourceConflict"})) {
    return Code::kBusy;
  }
  if (has(code, {"NotFound", "NoSuch", "NonExistent", "DoesNotExist"})) return Code::kNotFound;
  if (has(code, {"AccessDenied", "Unauthorized"})) return Code::kDenied;
  if (status == 401) return Code::kUnauthenticated;
  if (status == 403) return Code::kDenied;
  return status == 404 ? Code::kNotFound : Code::kInvalid;
}

Error decode_error(const ServiceModel& model, const Operation& operation,
                   const net::HttpResponse& response) {
  const bool json = model.protocol == "json" || model.protocol == "rest-json";
  Found found = json ? read_json_error(response) : read_xml_error(response);
  if (model.query_compatible) {
    const auto both = net::header(response.headers, "x-amzn-query-error");
    if (!both.empty()) found.code = std::string(both.substr(0, both.find(';')));
  }
  for (const auto* name : {"x-amzn-requestid", "x-amz-request-id"}) {
    if (found.request_id.empty()) found.request_id = net::header(response.headers, name);
  }
  // An answer to HEAD has no body: the status is all there is. Elsewhere a missing code means that
  // something other than the service answered.
  const bool head = operation.method == "HEAD" && response.body.empty();
  if (head && found.code.empty()) found.code = std::to_string(response.status);
  Error error;
  error.code = found.code.empty() && response.status != 429 ? Code::kUnavailable
                                                            : classify(found.code, response.status);
  error.message = operation.name + " failed with status " + std::to_string(response.status);
  if (!found.code.empty()) error.message += " " + found.code;
  if (!found.message.empty()) error.message += ": " + found.message;
  error.remote_code = std::move(found.code);
  error.http_status = response.status;
  error.request_id = std::move(found.request_id);
  error.retry_after = net::retry_after(response.headers);
  return error;
}

}  // namespace infra::aws
