#include <algorithm>
#include <set>
#include <vector>

#include "aws/protocol.h"
#include "compare.h"
#include "suites.h"

namespace infra::conformance {
namespace {

namespace fs = std::filesystem;
using aws::Operation;
using aws::ServiceModel;

// What botocore's cases expect where an input names no idempotency token.
constexpr const char* kToken = "00000000-0000-4000-8000-000000000000";

void add_names(const Json* names, std::set<std::string>& out) {
  if (names == nullptr) return;
  for (const Json& name : names->as_array()) out.insert(std::string(name.as_string()));
}

// What another folder's own list lets fail, by id or by description of a suite.
std::set<std::string> ignored(const fs::path& file) {
  std::set<std::string> out;
  const auto list =
      parse_json(read_file(file.parent_path().parent_path() / "protocol-tests-ignore-list.json"));
  if (!list) return out;
  const std::string side = file.parent_path().filename().string();
  for (const std::string& base :
       {"general." + side, "protocols." + file.stem().string() + "." + side}) {
    add_names(find_path(*list, base + ".suites"), out);
    add_names(find_path(*list, base + ".cases"), out);
  }
  return out;
}

std::string without_space(std::string text) {
  for (auto at = text.find(", "); at != std::string::npos; at = text.find(", ", at)) {
    text.erase(at + 1, 1);
  }
  return text;
}

// botocore sets no types of its own for these, and so its cases cannot be held to.
bool compares_type(const std::string& protocol, const std::string& wanted) {
  return protocol != "rest-xml" && (protocol != "rest-json" || wanted == "application/json");
}

std::string check_headers(const std::string& protocol, const aws::EncodedRequest& request,
                          const Json& expected) {
  if (const Json* headers = find_path(expected, "headers")) {
    for (const auto& entry : headers->as_object()) {
      std::string wanted(entry.value().as_string());
      const bool type = entry.key() == "Content-Type";
      const bool form = protocol == "query" || protocol == "ec2";
      if (type && form && !wanted.contains("charset")) wanted += "; charset=utf-8";
      if (type && !compares_type(protocol, wanted)) continue;
      const std::string actual(net::header(request.headers, entry.key()));
      if (without_space(actual) != without_space(wanted)) {
        return "header " + std::string(entry.key()) + ": " + actual;
      }
    }
  }
  if (const Json* forbidden = find_path(expected, "forbidHeaders")) {
    for (const Json& name : forbidden->as_array()) {
      if (!net::header(request.headers, std::string(name.as_string())).empty()) {
        return "forbidden header " + std::string(name.as_string());
      }
    }
  }
  return {};
}

// Where the request goes: "host" of a case may hold the endpoint's path too.
std::string check_address(const aws::EncodedRequest& request, const net::Url& endpoint,
                          const Json& expected) {
  const std::string target = aws::below(endpoint.path, request.target);
  if (target != text_at(expected, "uri")) return "uri: " + target;
  const std::string method = text_at(expected, "method");
  if (!method.empty() && request.method != method) return "method: " + request.method;
  const std::string host = text_at(expected, "host");
  const std::string actual = request.host_prefix + endpoint.host;
  if (!host.empty() && host.substr(0, host.find('/')) != actual) return "host: " + actual;
  return {};
}

// What is wrong; empty if nothing is.
std::string check_input(const ServiceModel& model, const Operation& operation,
                        const net::Url& endpoint, const JsonObject& test) {
  const Json& expected = test.at("serialized");
  const Json* given = test.if_contains("params");
  Json params = given == nullptr ? Json(JsonObject()) : *given;
  if (operation.input.shape != nullptr) params = blobs_to_base64(*operation.input.shape, params);
  aws::fill_token(operation, params, kToken);
  const auto request = aws::encode(model, operation, params);
  if (!request) return request.error().message;
  const Json* body = find_path(expected, "body");
  if (body != nullptr &&
      !same_body(model.protocol, request->body, std::string(body->as_string()))) {
    return "body: " + request->body;
  }
  auto wrong = check_headers(model.protocol, *request, expected);
  return wrong.empty() ? check_address(*request, endpoint, expected) : wrong;
}

net::HttpResponse response_of(const ServiceModel& model, const Json& from) {
  net::HttpResponse response;
  response.status = from.as_object().at("status_code").to_number<int>();
  response.body = text_at(from, "body");
  if (find_path(from, "body") == nullptr && model.protocol == "query") response.body = "<xml/>";
  if (const Json* headers = find_path(from, "headers")) {
    for (const auto& entry : headers->as_object()) {
      response.headers.emplace_back(entry.key(), std::string(entry.value().as_string()));
    }
  }
  return response;
}

std::string check_error(const Result<Json>& actual, const Json& test) {
  if (actual) return "no error";
  const std::string code = text_at(test, "errorCode");
  if (actual.error().remote_code != code) return "code: " + actual.error().remote_code;
  const bool said = actual.error().message.contains(text_at(test, "errorMessage"));
  return said ? "" : "message: " + actual.error().message;
}

std::string check_output(const ServiceModel& model, const Operation& operation,
                         const JsonObject& test) {
  const auto response = response_of(model, test.at("response"));
  const auto actual = aws::decode(model, operation, response);
  if (test.contains("error")) return check_error(actual, test);
  if (!actual) return actual.error().message;
  Json expected = test.at("result");
  if (operation.output.shape != nullptr) {
    expected = blobs_to_base64(*operation.output.shape, expected);
  }
  return matches(*actual, expected) ? "" : "result: " + boost::json::serialize(*actual);
}

std::string check_case(JsonObject service, const JsonObject& test) {
  const Json& given = test.at("given");
  std::string name = text_at(given, "name");
  if (name.empty()) name = "OperationName";
  std::string address = text_at(service, "clientEndpoint");
  if (address.empty()) address = "https://example.com";
  const auto endpoint = net::parse_url(address);
  if (!endpoint) return endpoint.error().message;
  service["operations"] = JsonObject{{name, given}};
  const auto model = ServiceModel::parse(service);
  if (!model) return model.error().message;
  const Operation& operation = *(*model)->operation(name);
  return test.contains("serialized") ? check_input(**model, operation, *endpoint, test)
                                     : check_output(**model, operation, test);
}

// A file may come from anywhere, and Boost.JSON throws where a value is not what was asked for.
std::string check_guarded(const JsonObject& service, const Json& test) {
  try {
    return check_case(service, test.as_object());
  } catch (const std::exception& error) {
    return std::string("no usable case: ") + error.what();
  }
}

void run_suite(Report& report, const Json& suite, const std::set<std::string>& may_fail) {
  JsonObject service = suite.as_object();
  const std::string description = text_at(suite, "description");
  const JsonArray cases = service.at("cases").as_array();
  service.erase("cases");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::string id = text_at(cases[i], "id");
    if (id.empty()) id = description + " [" + std::to_string(i) + "]";
    const bool ignore = may_fail.contains(id) || may_fail.contains(description);
    report.add(id, check_guarded(service, cases[i]), ignore);
  }
}

void run_file(Report& report, const fs::path& file, bool own) {
  const auto suites = parse_json(read_file(file));
  if (!suites) return report.unreadable(suites.error().message);
  try {
    const auto may_fail = own ? std::set<std::string>() : ignored(file);
    for (const Json& suite : suites->as_array()) run_suite(report, suite, may_fail);
  } catch (const std::exception& error) {
    report.unreadable(std::string("no file of cases: ") + error.what());
  }
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    const bool list = entry.path().filename() == "protocol-tests-ignore-list.json";
    if (entry.path().extension() == ".json" && !list) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

void run_protocols(Report& report, const fs::path& folder, const fs::path& suite) {
  for (const fs::path& file : files_in(folder)) {
    report.start((suite / file.lexically_relative(folder)).string());
    run_file(report, file, !suite.empty());
    report.end();
  }
}

}  // namespace infra::conformance
