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
std::string check_resolved(const EndpointResolver& resolver, const EndpointParameters& parameters,
                           const Json& test) {
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

std::string check_case(const EndpointResolver& resolver, const Json& test) {
  EndpointParameters parameters;
  if (const Json* given = find_path(test, "params")) {
    for (const auto& [name, value] : given->as_object()) parameters.emplace(name, to_value(value));
  }
  return check_resolved(resolver, parameters, test);
}

// The same, with parameters that follow from a call. `rules` tells what the settings of a client,
// which the case has by their general names, are called there.
std::string check_call(const EndpointResolver& resolver, const Json& rules,
                       const aws::ServiceModel& model, const Json& call, const Json& test) {
  const auto* operation = model.operation(text_at(call, "operationName"));
  if (operation == nullptr) return "there is no such operation";
  const Json* input = find_path(call, "operationParams");
  EndpointParameters parameters =
      aws::parameters_of(*operation, input == nullptr ? Json(JsonObject()) : *input);
  const Json* settings = find_path(call, "builtInParams");
  for (const auto& [name, rule] : rules.at("parameters").as_object()) {
    const Json* value =
        settings == nullptr ? nullptr : settings->as_object().if_contains(text_at(rule, "builtIn"));
    if (value != nullptr) parameters.insert_or_assign(std::string(name), to_value(*value));
  }
  return check_resolved(resolver, parameters, test);
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

// What the cases say about the endpoint of a call.
void run_calls(Report& report, const fs::path& file, const std::string& service) {
  const auto documents = aws::embedded_document;
  const auto model = aws::load_service(service, aws::ModelPart::kAll);
  const auto rules = parse_json(documents(service, "endpoint-rule-set"));
  const auto resolver =
      EndpointResolver::make(documents(service, "endpoint-rule-set"), documents("", "partitions"));
  const auto cases = parse_json(read_file(file));
  if (!model || !rules || !resolver || !cases) return report.unreadable("no model, rules or cases");
  int number = 0;
  for (const Json& test : cases->at("testCases").as_array()) {
    ++number;
    const Json* calls = find_path(test, "operationInputs");
    if (calls == nullptr) continue;
    for (const Json& call : calls->as_array()) {
      const std::string id = std::to_string(number) + " " + text_at(call, "operationName");
      report.add(id, check_call(**resolver, *rules, **model, call, test));
    }
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
    run_calls(report, folder / service / "endpoint-tests-1.json", service);
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
