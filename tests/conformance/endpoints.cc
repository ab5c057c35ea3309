#include <set>
#include <vector>

#include "aws/catalog.h"
#include "aws/embedded.h"
#include "aws/endpoint.h"
#include "suites.h"

namespace infra::conformance {
namespace {

namespace fs = std::filesystem;
using aws::EndpointParameters;
using aws::EndpointResolver;
using aws::EndpointValue;

EndpointValue to_value(const Json& value) {
  if (value.is_bool()) return value.get_bool();
  if (value.is_string()) return std::string(value.get_string());
  std::vector<std::string> items;
  for (const Json& item : value.as_array()) items.emplace_back(item.as_string());
  return items;
}

std::string check_headers(const aws::Endpoint& endpoint, const Json& expected) {
  std::size_t wanted = 0;
  if (const Json* headers = find_path(expected, "headers")) {
    for (const auto& [name, values] : headers->as_object()) {
      const auto actual = net::header(endpoint.headers, name);
      if (actual != values.as_array().at(0).as_string()) return "header " + std::string(name);
      ++wanted;
    }
  }
  return endpoint.headers.size() == wanted ? "" : "more headers than expected";
}

// What is wrong; empty if nothing is.
std::string check_case(const EndpointResolver& resolver, const Json& test) {
  EndpointParameters parameters;
  if (const Json* given = find_path(test, "params")) {
    for (const auto& [name, value] : given->as_object()) parameters.emplace(name, to_value(value));
  }
  const auto endpoint = resolver.resolve(parameters);
  if (const Json* error = find_path(test, "expect.error")) {
    if (endpoint) return "no error but " + endpoint->url;
    return endpoint.error().message == text_at(*error, "") ? "" : endpoint.error().message;
  }
  if (!endpoint) return endpoint.error().message;
  const Json& expected = test.at("expect").at("endpoint");
  if (endpoint->url != text_at(expected, "url")) return "url: " + endpoint->url;
  const Json* properties = find_path(expected, "properties");
  if (!same(properties == nullptr ? JsonObject() : *properties, endpoint->properties)) {
    return "properties: " + boost::json::serialize(endpoint->properties);
  }
  return check_headers(*endpoint, expected);
}

// The service's number of cases in front of their words, which need not differ.
void run_service(Report& report, const fs::path& file, const aws::DocumentSource& documents) {
  const std::string service = file.parent_path().filename();
  const auto resolver =
      EndpointResolver::make(documents(service, "endpoint-rule-set"), documents("", "partitions"));
  if (!resolver) return report.unreadable(service + ": " + resolver.error().message);
  const auto cases = parse_json(read_file(file));
  if (!cases) return report.unreadable(service + ": " + cases.error().message);
  int number = 0;
  for (const Json& test : cases->at("testCases").as_array()) {
    const std::string id = service + " " + std::to_string(++number);
    report.add(id + " (" + text_at(test, "documentation") + ")", check_case(**resolver, test));
  }
}

std::set<std::string> built_in() {
  std::set<std::string> out;
  for (const auto& document : aws::embedded_documents()) {
    if (document.kind == "endpoint-rule-set") out.emplace(document.service);
  }
  return out;
}

}  // namespace

void run_endpoints(Report& report, const fs::path& root) {
  const fs::path folder = root / "tests/functional/endpoint-rules";
  const auto own = built_in();
  for (const std::string& service : own) {
    report.start("endpoints/" + service);
    run_service(report, folder / service / "endpoint-tests-1.json", aws::embedded_document);
    report.end();
  }
  const auto documents = aws::folder_documents(root / "botocore/data");
  report.start("endpoints of services that are not built in");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path file = entry.path() / "endpoint-tests-1.json";
    if (fs::exists(file) && !own.contains(entry.path().filename())) {
      run_service(report, file, documents);
    }
  }
  report.end();
}

}  // namespace infra::conformance
