// Runs protocol cases in botocore's test format (tests/unit/protocols) against src/aws.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "aws/protocol.h"
#include "aws/values.h"
#include "aws/xml.h"

namespace infra::aws {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void add_names(const Json* names, std::set<std::string>& out) {
  if (names == nullptr) return;
  for (const Json& name : names->as_array()) out.insert(std::string(name.as_string()));
}

// The cases that botocore itself leaves out.
std::set<std::string> ignored(const std::filesystem::path& file) {
  std::set<std::string> out;
  const auto list =
      parse_json(slurp(file.parent_path().parent_path() / "protocol-tests-ignore-list.json"));
  if (!list) return out;
  const std::string side = file.parent_path().filename().string();
  for (const std::string& base :
       {"general." + side, "protocols." + file.stem().string() + "." + side}) {
    add_names(find_path(*list, base + ".suites"), out);
    add_names(find_path(*list, base + ".cases"), out);
  }
  return out;
}

// Cases give blobs as plain text; the library takes and gives base64.
Json blobs_to_base64(const Shape& shape, const Json& value) {
  if (shape.type == ShapeType::kBlob && value.is_string()) {
    return Json(base64_encode(value.as_string()));
  }
  if (value.is_object() && shape.type == ShapeType::kStructure && !shape.document) {
    JsonObject out;
    for (const auto& entry : value.as_object()) {
      const Member* member = shape.member(entry.key());
      out[entry.key()] =
          member == nullptr ? entry.value() : blobs_to_base64(*member->shape, entry.value());
    }
    return out;
  }
  if (value.is_object() && shape.type == ShapeType::kMap) {
    JsonObject out;
    for (const auto& entry : value.as_object()) {
      out[entry.key()] = blobs_to_base64(*shape.element.shape, entry.value());
    }
    return out;
  }
  if (value.is_array() && shape.type == ShapeType::kList) {
    JsonArray out;
    for (const Json& item : value.as_array()) {
      out.push_back(blobs_to_base64(*shape.element.shape, item));
    }
    return out;
  }
  return value;
}

// Equal, where times may be text on our side and numbers on theirs.
bool matches(const Json& actual, const Json& expected) {
  if (expected.is_object() && actual.is_object()) {
    if (actual.as_object().size() != expected.as_object().size()) return false;
    return std::ranges::all_of(expected.as_object(), [&actual](const auto& entry) {
      const Json* found = actual.as_object().if_contains(entry.key());
      return found != nullptr && matches(*found, entry.value());
    });
  }
  if (expected.is_array() && actual.is_array()) {
    return std::ranges::equal(actual.as_array(), expected.as_array(), matches);
  }
  if (expected.is_number() && actual.is_string()) {
    const auto time = parse_time(actual.as_string());
    return time && std::abs(*time - expected.to_number<double>()) < 0.001;
  }
  return same(actual, expected);
}

std::string without_space(std::string text) {
  for (auto at = text.find(", "); at != std::string::npos; at = text.find(", ", at)) {
    text.erase(at + 1, 1);
  }
  return text;
}

std::string canonical_xml(const pugi::xml_node& node) {
  if (node.type() != pugi::node_element) return std::string("\"") + node.value() + "\"";
  std::set<std::string> attributes;
  for (const auto& a : node.attributes())
    attributes.insert(std::string(a.name()) + "=" + a.value());
  std::string out = std::string("<") + node.name();
  for (const auto& a : attributes) out += " " + a;
  out += ">";
  for (const auto& child : node.children()) out += canonical_xml(child);
  return out + "</>";
}

bool same_body(const std::string& protocol, const std::string& actual,
               const std::string& expected) {
  if (actual == expected) return true;
  if (protocol == "json" || protocol == "rest-json") {
    const auto a = parse_json(actual);
    const auto b = parse_json(expected);
    return a && b && same(*a, *b);
  }
  if (protocol != "rest-xml") return false;
  pugi::xml_document a;
  pugi::xml_document b;
  const unsigned flags = pugi::parse_default | pugi::parse_trim_pcdata;
  if (!a.load_string(actual.c_str(), flags) || !b.load_string(expected.c_str(), flags)) {
    return false;
  }
  return canonical_xml(a.document_element()) == canonical_xml(b.document_element());
}

std::string check_headers(const std::string& protocol, const EncodedRequest& request,
                          const Json& expected) {
  if (const Json* headers = find_path(expected, "headers")) {
    for (const auto& entry : headers->as_object()) {
      std::string wanted(entry.value().as_string());
      const bool type = entry.key() == "Content-Type";
      if (type && (protocol == "query" || protocol == "ec2")) wanted += "; charset=utf-8";
      // botocore sets no types of its own for these, and so does not compare them.
      if (type && protocol == "rest-xml") continue;
      if (type && protocol == "rest-json" && wanted != "application/json") continue;
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

// What is wrong; empty if nothing is.
std::string check_input(const ServiceModel& model, const Operation& operation, const Json& test) {
  const Json& expected = *find_path(test, "serialized");
  Json params = *find_path(test, "params");
  if (operation.input.shape != nullptr) params = blobs_to_base64(*operation.input.shape, params);
  const auto request = encode(model, operation, params);
  if (!request) return request.error().message;
  const Json* body = find_path(expected, "body");
  if (body != nullptr &&
      !same_body(model.protocol, request->body, std::string(body->as_string()))) {
    return "body: " + request->body;
  }
  if (auto wrong = check_headers(model.protocol, *request, expected); !wrong.empty()) return wrong;
  if (request->target != text_at(expected, "uri")) return "uri: " + request->target;
  const std::string method = text_at(expected, "method");
  if (!method.empty() && request->method != method) return "method: " + request->method;
  const std::string host = text_at(expected, "host");
  if (!host.empty() && request->host_prefix + "example.com" != host) {
    return "host prefix: " + request->host_prefix;
  }
  return {};
}

net::HttpResponse response_of(const ServiceModel& model, const Json& from) {
  net::HttpResponse response;
  response.status = find_path(from, "status_code")->to_number<int>();
  response.body = text_at(from, "body");
  if (find_path(from, "body") == nullptr && model.protocol == "query") response.body = "<xml/>";
  if (const Json* headers = find_path(from, "headers")) {
    for (const auto& entry : headers->as_object()) {
      response.headers.emplace_back(entry.key(), std::string(entry.value().as_string()));
    }
  }
  return response;
}

std::string check_output(const ServiceModel& model, const Operation& operation, const Json& test) {
  const auto response = response_of(model, *find_path(test, "response"));
  const auto actual = decode(model, operation, response);
  if (find_path(test, "error") != nullptr) {
    if (actual) return "no error";
    const std::string code = text_at(test, "errorCode");
    if (actual.error().remote_code != code) return "code: " + actual.error().remote_code;
    const bool said =
        actual.error().message.find(text_at(test, "errorMessage")) != std::string::npos;
    return said ? "" : "message: " + actual.error().message;
  }
  if (!actual) return actual.error().message;
  Json expected = *find_path(test, "result");
  if (operation.output.shape != nullptr) {
    expected = blobs_to_base64(*operation.output.shape, expected);
  }
  return matches(*actual, expected) ? "" : "result: " + boost::json::serialize(*actual);
}

std::string check_case(const Json& suite, const Json& test) {
  JsonObject service = suite.as_object();
  service.erase("cases");
  const Json& given = *find_path(test, "given");
  std::string name = text_at(given, "name");
  if (name.empty()) name = "OperationName";
  service["operations"] = JsonObject{{name, given}};
  const auto model = ServiceModel::parse(service);
  if (!model) return model.error().message;
  const Operation& operation = *(*model)->operation(name);
  return find_path(test, "params") != nullptr ? check_input(**model, operation, test)
                                              : check_output(**model, operation, test);
}

struct Counts {
  int passed = 0;
  int failed = 0;
  int ignored = 0;
};

bool run_file(const std::filesystem::path& file, Counts& total) {
  const auto suites = parse_json(slurp(file));
  if (!suites || !suites->is_array()) {
    std::fprintf(stderr, "%s: no test file\n", file.c_str());
    return false;
  }
  const auto skip = ignored(file);
  Counts counts;
  for (const Json& suite : suites->as_array()) {
    for (const Json& test : find_path(suite, "cases")->as_array()) {
      const std::string id = text_at(test, "id");
      if (skip.contains(id) || skip.contains(text_at(suite, "description"))) {
        ++counts.ignored;
        continue;
      }
      const std::string wrong = check_case(suite, test);
      ++(wrong.empty() ? counts.passed : counts.failed);
      if (!wrong.empty())
        std::printf("FAILED %s %s: %s\n", file.c_str(), id.c_str(), wrong.c_str());
    }
  }
  std::printf("%s/%s: %d passed, %d failed, %d left out\n", file.parent_path().filename().c_str(),
              file.filename().c_str(), counts.passed, counts.failed, counts.ignored);
  total.passed += counts.passed;
  total.failed += counts.failed;
  return true;
}

}  // namespace
}  // namespace infra::aws

int main(int argc, char** argv) {
  infra::aws::Counts total;
  bool readable = true;
  for (int i = 1; i < argc; ++i) readable = infra::aws::run_file(argv[i], total) && readable;
  std::printf("%d passed, %d failed\n", total.passed, total.failed);
  return readable && total.failed == 0 ? 0 : 1;
}
