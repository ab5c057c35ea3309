#include "aws/answer.h"

#include <ctime>

#include "aws/xml_writer.h"

namespace infra::sim {
namespace {

constexpr std::string_view kEc2Namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
constexpr std::string_view kIamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/";
constexpr std::string_view kRdsNamespace = "http://rds.amazonaws.com/doc/2014-10-31/";
constexpr std::string_view kElastiCacheNamespace =
    "http://elasticache.amazonaws.com/doc/2015-02-02/";
constexpr std::string_view kSnsNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";
constexpr std::string_view kStsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";

// The families that code an answer alike.
enum class Protocol { kEc2, kQuery, kJson, kRestJson, kS3 };

// With codes in common.
bool is_query(const std::string& service) {
  return service == "iam" || service == "sts" || service == "sns" || service == "rds" ||
         service == "elasticache";
}

Protocol protocol_of(const Request& request) {
  const std::string& service = request.call.service;
  if (service == "ec2") return Protocol::kEc2;
  if (is_query(service)) return Protocol::kQuery;
  if (service == "lambda") return Protocol::kRestJson;
  if (service == "s3") return Protocol::kS3;
  // A service nobody has heard of answers in the form of the question.
  return net::header(request.http.headers, "X-Amz-Target").empty() ? Protocol::kQuery
                                                                   : Protocol::kJson;
}

std::string_view namespace_of(const Request& request) {
  if (request.call.service == "sts") return kStsNamespace;
  if (request.call.service == "sns") return kSnsNamespace;
  if (request.call.service == "rds") return kRdsNamespace;
  if (request.call.service == "elasticache") return kElastiCacheNamespace;
  return kIamNamespace;
}

void write_ec2(const Request& request, const Answer& answer, const std::string& id,
               net::HttpResponse& http) {
  XmlWriter xml;
  xml.raw(R"(<?xml version="1.0" encoding="UTF-8"?>)");
  if (answer.code.empty()) {
    xml.open(request.call.operation + "Response", kEc2Namespace).text("requestId", id);
    xml.raw(answer.body).close();
  } else {
    xml.open("Response").open("Errors").open("Error");
    xml.text("Code", answer.code).text("Message", answer.message);
    xml.close().close().text("RequestID", id).close();
  }
  http.body = xml.take();
  http.headers.emplace_back("Content-Type", "text/xml;charset=UTF-8");
}

void write_query(const Request& request, const Answer& answer, const std::string& id,
                 net::HttpResponse& http) {
  XmlWriter xml;
  const std::string& operation = request.call.operation;
  if (answer.code.empty()) {
    xml.open(operation + "Response", namespace_of(request));
    if (answer.has_result) xml.open(operation + "Result").raw(answer.body).close();
    xml.open("ResponseMetadata").text("RequestId", id).close().close();
  } else {
    xml.open("ErrorResponse", namespace_of(request)).open("Error");
    xml.text("Type", answer.status < 500 ? "Sender" : "Receiver");
    xml.text("Code", answer.code).text("Message", answer.message).close();
    xml.text("RequestId", id).close();
  }
  http.body = xml.take();
  http.headers.emplace_back("x-amzn-RequestId", id);
  http.headers.emplace_back("Content-Type", "text/xml");
}

std::string shape_prefix(const std::string& service) {
  if (service == "dynamodb") return "com.amazonaws.dynamodb.v20120810#";
  return service == "sqs" ? "com.amazonaws.sqs#" : "";
}

void write_json(const Request& request, const Answer& answer, const std::string& id,
                net::HttpResponse& http) {
  http.headers.emplace_back("x-amzn-RequestId", id);
  const bool sqs = request.call.service == "sqs";
  const bool old = sqs || request.call.service == "dynamodb";
  http.headers.emplace_back("Content-Type",
                            old ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1");
  http.body = answer.body;
  if (answer.code.empty()) return;
  // Codes that all services share stand in a name space of their own.
  const std::string type = answer.code.find('#') == std::string::npos
                               ? shape_prefix(request.call.service) + answer.code
                               : answer.code;
  http.body = boost::json::serialize(JsonObject{{"__type", type}, {"message", answer.message}});
  if (!sqs || net::header(request.http.headers, "x-amzn-query-mode").empty()) return;
  // Whoever comes from the query protocol may ask for its codes.
  const std::string& code = answer.query_code.empty()
                                ? answer.code.substr(answer.code.rfind('#') + 1)
                                : answer.query_code;
  http.headers.emplace_back("x-amzn-query-error",
                            code + (answer.status < 500 ? ";Sender" : ";Receiver"));
}

void write_lambda(const Answer& answer, const std::string& id, net::HttpResponse& http) {
  http.headers.emplace_back("x-amzn-RequestId", id);
  http.headers.emplace_back("Content-Type", "application/json");
  http.body = answer.body;
  if (answer.code.empty()) return;
  http.headers.emplace_back("x-amzn-ErrorType", answer.code);
  http.body = boost::json::serialize(
      JsonObject{{"Type", answer.status < 500 ? "User" : "Server"}, {"message", answer.message}});
}

void write_s3(const Request& request, const Answer& answer, const std::string& id,
              net::HttpResponse& http) {
  http.headers.emplace_back("x-amz-request-id", id);
  http.headers.emplace_back("x-amz-id-2", id + "/host");
  if (request.http.method == "HEAD") return;
  constexpr std::string_view kOpening = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  if (answer.code.empty()) {
    if (answer.body.empty()) return;
    http.body.append(kOpening).append(answer.body);
  } else {
    XmlWriter xml;
    xml.raw(kOpening).open("Error").text("Code", answer.code).text("Message", answer.message);
    if (!request.name.empty()) xml.text("BucketName", request.name);
    http.body = xml.text("RequestId", id).text("HostId", id + "/host").close().take();
  }
  http.headers.emplace_back("Content-Type", "application/xml");
}

Answer throttled(const std::string& service) {
  if (service == "ec2") return refused(503, "RequestLimitExceeded", "Request limit exceeded.");
  if (service == "s3") return refused(503, "SlowDown", "Please reduce your request rate.");
  if (service == "lambda") return refused(429, "TooManyRequestsException", "Rate exceeded");
  if (service == "kms" || service == "ecr" || service == "dynamodb" ||
      service == "secretsmanager" || service == "resourcegroupstaggingapi") {
    return refused(400, "ThrottlingException", "Rate exceeded");
  }
  if (service == "sqs") {
    Answer answer = refused(403, "RequestThrottled", "The request was denied due to throttling.");
    return answer;
  }
  return refused(400, "Throttling", "Rate exceeded");
}

Answer denied(const Request& request) {
  const std::string& service = request.call.service;
  if (service == "ec2") {
    return refused(403, "UnauthorizedOperation",
                   "You are not authorized to perform this operation.");
  }
  if (service == "s3") return refused(403, "AccessDenied", "Access Denied");
  const std::string words = "User: arn:aws:iam::" + request.account +
                            ":user/operator is not authorized to perform: " + service + ":" +
                            request.call.operation;
  if (service == "sns") return refused(403, "AuthorizationError", words);
  if (is_query(service)) return refused(403, "AccessDenied", words);
  if (service == "lambda") return refused(403, "AccessDeniedException", words);
  if (service == "sqs") {
    Answer answer = refused(403, "com.amazon.coral.service#AccessDeniedException", words);
    answer.query_code = "AccessDenied";
    return answer;
  }
  return refused(400, "AccessDeniedException", words);
}

Answer expired(const std::string& service) {
  const std::string words = "The security token included in the request is expired";
  if (service == "ec2") return refused(400, "RequestExpired", "Request has expired.");
  if (service == "s3") return refused(400, "ExpiredToken", "The provided token has expired.");
  if (is_query(service)) return refused(403, "ExpiredToken", words);
  if (service == "lambda") return refused(403, "ExpiredTokenException", words);
  if (service == "sqs") {
    Answer answer = refused(403, "com.amazon.coral.service#ExpiredTokenException", words);
    answer.query_code = "ExpiredToken";
    return answer;
  }
  return refused(400, "ExpiredTokenException", words);
}

Answer unknown_key(const std::string& service) {
  const std::string words = "The security token included in the request is invalid.";
  if (service == "ec2") {
    return refused(401, "AuthFailure",
                   "AWS was not able to validate the provided access credentials");
  }
  if (service == "s3") {
    return refused(403, "InvalidAccessKeyId",
                   "The AWS Access Key Id you provided does not exist in our records.");
  }
  if (is_query(service)) return refused(403, "InvalidClientTokenId", words);
  if (service == "lambda") return refused(403, "UnrecognizedClientException", words);
  if (service == "sqs") {
    Answer answer = refused(403, "com.amazon.coral.service#UnrecognizedClientException", words);
    answer.query_code = "InvalidClientTokenId";
    return answer;
  }
  return refused(400, "UnrecognizedClientException", words);
}

Answer skewed(const std::string& service) {
  const std::string words = "Signature expired or not yet current";
  if (service == "ec2") return refused(400, "RequestExpired", "Request has expired.");
  if (service == "s3") {
    return refused(403, "RequestTimeTooSkewed",
                   "The difference between the request time and the current time is too large.");
  }
  if (is_query(service)) return refused(403, "SignatureDoesNotMatch", words);
  if (service == "lambda") return refused(403, "InvalidSignatureException", words);
  if (service == "sqs") {
    Answer answer = refused(403, "com.amazon.coral.service#InvalidSignatureException", words);
    answer.query_code = "SignatureDoesNotMatch";
    return answer;
  }
  return refused(400, "InvalidSignatureException", words);
}

Answer broken(const std::string& service) {
  if (service == "ec2" || service == "s3") {
    return refused(500, "InternalError", "We encountered an internal error. Please try again.");
  }
  if (service == "sns") return refused(500, "InternalError", "The service failed.");
  if (service == "iam") return refused(500, "ServiceFailure", "The service failed.");
  if (service == "kms") return refused(500, "KMSInternalException", "The service failed.");
  if (service == "lambda") return refused(500, "ServiceException", "The service failed.");
  if (service == "ecr") return refused(500, "ServerException", "The service failed.");
  if (service == "secretsmanager") {
    return refused(500, "InternalServiceError", "The service failed.");
  }
  if (service == "dynamodb") return refused(500, "InternalServerError", "The service failed.");
  return refused(
      500, service == "resourcegroupstaggingapi" ? "InternalServiceException" : "InternalFailure",
      "The service failed.");
}

Answer unavailable(const std::string& service) {
  const bool plain = service == "ec2";
  const bool json = service == "kms" || service == "lambda" || service == "sqs" ||
                    service == "ecr" || service == "dynamodb" || service == "secretsmanager" ||
                    service == "resourcegroupstaggingapi";
  return refused(503,
                 plain  ? "Unavailable"
                 : json ? "ServiceUnavailableException"
                        : "ServiceUnavailable",
                 "The service is unavailable. Please try again.");
}

}  // namespace

std::string http_date(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

net::HttpResponse to_http(const Request& request, Answer answer, const std::string& request_id,
                          WallTime now) {
  net::HttpResponse http{.status = answer.status, .headers = std::move(answer.headers)};
  http.headers.emplace_back("Date", http_date(now));
  switch (protocol_of(request)) {
    case Protocol::kEc2: write_ec2(request, answer, request_id, http); break;
    case Protocol::kQuery: write_query(request, answer, request_id, http); break;
    case Protocol::kJson: write_json(request, answer, request_id, http); break;
    case Protocol::kRestJson: write_lambda(answer, request_id, http); break;
    case Protocol::kS3: write_s3(request, answer, request_id, http); break;
  }
  return http;
}

Answer general_refusal(const Request& request, AwsRefusal why) {
  const std::string& service = request.call.service;
  switch (why) {
    case AwsRefusal::kThrottled: return throttled(service);
    case AwsRefusal::kDenied: return denied(request);
    case AwsRefusal::kExpiredToken: return expired(service);
    case AwsRefusal::kBadSignature: return unknown_key(service);
    case AwsRefusal::kInternalError: return broken(service);
    case AwsRefusal::kUnavailable: return unavailable(service);
    case AwsRefusal::kRequestTimeTooSkewed: return skewed(service);
  }
  return broken(service);
}

}  // namespace infra::sim
