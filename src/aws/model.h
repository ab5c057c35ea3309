#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace infra::aws {

struct Shape;

// One use of a shape: as member of a structure, list or map, or as input or output of an
// operation. Traits given at the use win over those of the shape.
struct Member {
  std::string name;
  const Shape* shape = nullptr;
  std::string location;       // "", header, headers, querystring, uri, statusCode
  std::string location_name;  // name on the wire, if it differs
  std::string query_name;     // EC2 only
  std::string timestamp_format;
  std::string xml_namespace;
  std::string xml_prefix;
  std::string endpoint_parameter;  // what the endpoint rules call it; empty: nothing to them
  std::string payload;             // of an input or output: the member that is the whole body
  bool flattened = false;
  bool json_value = false;
  bool xml_attribute = false;
  bool idempotency_token = false;
  bool host_label = false;

  const std::string& wire_name() const { return location_name.empty() ? name : location_name; }
  // Whether it stands in the body of an answer. The places of a request's address mean nothing
  // there, where a shape serves both as input and as output.
  bool in_answer_body() const;
};

enum class ShapeType { kStructure, kList, kMap, kString, kInteger, kFloat, kBoolean, kBlob, kTime };

struct Shape {
  std::string name;
  ShapeType type = ShapeType::kString;
  std::vector<Member> members;  // kStructure
  std::vector<std::string> required;
  Member element;  // kList, and the values of kMap
  Member key;      // kMap
  std::string location_name;
  std::string error_code;
  bool document = false;  // any JSON
  bool is_union = false;  // one of its members at most

  const Member* member(std::string_view member_name) const;
};

struct Operation {
  std::string name;
  std::string method = "POST";
  std::string uri = "/";
  std::string host_prefix;
  std::string result_wrapper;
  Member input;                    // shape is nullptr when there is none
  Member output;                   // likewise
  JsonObject endpoint_parameters;  // what the endpoint rules are told whatever the input
  bool checksum_required = false;
};

// An AWS service as described by botocore's service-2.json.
class ServiceModel {
 public:
  static Result<std::shared_ptr<const ServiceModel>> parse(const Json& service_2);

  const Operation* operation(std::string_view name) const;
  const Shape* shape(std::string_view name) const;

  std::string protocol;    // ec2, query, json, rest-json or rest-xml
  std::string service_id;  // as SDKs show it, such as "Secrets Manager"
  std::string endpoint_prefix;
  std::string target_prefix;
  std::string json_version;
  std::string api_version;
  std::string signing_name;
  std::string xml_namespace;
  bool query_compatible = false;

 private:
  Result<void> read_shapes(const JsonObject& shapes);
  Result<void> read_shape(Shape& shape, const JsonObject& from);
  Result<Member> read_member(std::string name, const Json& from, const JsonObject& shapes) const;
  Result<void> read_operation(std::string name, const Json& from, const JsonObject& shapes);
  Result<void> read_children(Shape& shape, const JsonObject& from, const JsonObject& shapes);

  std::map<std::string, std::unique_ptr<Shape>, std::less<>> shapes_;
  std::map<std::string, Operation, std::less<>> operations_;
};

}  // namespace infra::aws
