#include "aws/model.h"

#include <algorithm>

namespace infra::aws {
namespace {

const Json kNull;

const Json& at(const Json& value, std::string_view name) {
  const auto* object = value.if_object();
  const Json* found = object == nullptr ? nullptr : object->if_contains(name);
  return found == nullptr ? kNull : *found;
}

std::string text(const Json& value, std::string_view name) {
  const auto* found = at(value, name).if_string();
  return found == nullptr ? std::string() : std::string(found->data(), found->size());
}

bool flag(const Json& value, std::string_view name) {
  const auto* found = at(value, name).if_bool();
  return found != nullptr && *found;
}

Result<ShapeType> type_of(std::string_view name) {
  static const std::map<std::string_view, ShapeType> kTypes = {{"structure", ShapeType::kStructure},
                                                               {"list", ShapeType::kList},
                                                               {"map", ShapeType::kMap},
                                                               {"string", ShapeType::kString},
                                                               {"character", ShapeType::kString},
                                                               {"integer", ShapeType::kInteger},
                                                               {"long", ShapeType::kInteger},
                                                               {"short", ShapeType::kInteger},
                                                               {"byte", ShapeType::kInteger},
                                                               {"bigInteger", ShapeType::kInteger},
                                                               {"float", ShapeType::kFloat},
                                                               {"double", ShapeType::kFloat},
                                                               {"bigDecimal", ShapeType::kFloat},
                                                               {"boolean", ShapeType::kBoolean},
                                                               {"blob", ShapeType::kBlob},
                                                               {"timestamp", ShapeType::kTime}};
  const auto found = kTypes.find(name);
  if (found == kTypes.end()) return fail(Code::kInvalid, "unknown type " + std::string(name));
  return found->second;
}

// A service may speak several protocols and name first one that we do not.
Result<std::string> choose_protocol(const Json& metadata) {
  static constexpr std::string_view kSpoken[] = {"ec2", "query", "json", "rest-json", "rest-xml"};
  const auto spoken = [](const std::string& name) {
    return std::ranges::find(kSpoken, name) != std::end(kSpoken);
  };
  const std::string first = text(metadata, "protocol");
  if (spoken(first)) return first;
  if (const auto* others = at(metadata, "protocols").if_array()) {
    for (const Json& other : *others) {
      if (auto name = text_at(other, ""); spoken(name)) return name;
    }
  }
  return fail(Code::kInvalid, "unsupported protocol '" + first + "'");
}

void read_traits(Member& member, const Json& from) {
  if (const auto format = text(from, "timestampFormat"); !format.empty()) {
    member.timestamp_format = format;
  }
  if (auto location = text(from, "location"); !location.empty()) {
    member.location = std::move(location);
  }
  const Json& ns = at(from, "xmlNamespace");
  if (ns.is_string()) member.xml_namespace = text(from, "xmlNamespace");
  if (ns.is_object()) {
    member.xml_namespace = text(ns, "uri");
    member.xml_prefix = text(ns, "prefix");
  }
  if (auto payload = text(from, "payload"); !payload.empty()) member.payload = std::move(payload);
  member.flattened = member.flattened || flag(from, "flattened");
  member.json_value = member.json_value || flag(from, "jsonvalue");
}

}  // namespace

bool Member::in_answer_body() const {
  return location != "header" && location != "headers" && location != "statusCode";
}

const Member* Shape::member(std::string_view member_name) const {
  const auto found = std::ranges::find(members, member_name, &Member::name);
  return found == members.end() ? nullptr : &*found;
}

const Operation* ServiceModel::operation(std::string_view name) const {
  const auto found = operations_.find(name);
  return found == operations_.end() ? nullptr : &found->second;
}

const Shape* ServiceModel::shape(std::string_view name) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() ? nullptr : found->second.get();
}

Result<Member> ServiceModel::read_member(std::string name, const Json& from,
                                         const JsonObject& shapes) const {
  Member member;
  member.name = std::move(name);
  const std::string shape_name = text(from, "shape");
  member.shape = shape(shape_name);
  if (member.shape == nullptr) {
    return fail(Code::kInvalid, member.name + " refers to the unknown shape '" + shape_name + "'");
  }
  read_traits(member, shapes.at(shape_name));
  read_traits(member, from);
  member.location_name = text(from, "locationName");
  member.query_name = text(from, "queryName");
  member.endpoint_parameter = text(at(from, "contextParam"), "name");
  member.xml_attribute = flag(from, "xmlAttribute");
  member.idempotency_token = flag(from, "idempotencyToken");
  member.host_label = flag(from, "hostLabel");
  return member;
}

Result<void> ServiceModel::read_children(Shape& shape, const JsonObject& from,
                                         const JsonObject& shapes) {
  const Json whole = from;
  if (const auto* members = at(whole, "members").if_object()) {
    for (const auto& entry : *members) {
      auto member = read_member(std::string(entry.key()), entry.value(), shapes);
      if (!member) return std::unexpected(member.error().in(shape.name));
      shape.members.push_back(std::move(*member));
    }
  }
  const bool map = shape.type == ShapeType::kMap;
  if (map || shape.type == ShapeType::kList) {
    auto element = read_member("", at(whole, map ? "value" : "member"), shapes);
    if (!element) return std::unexpected(element.error().in(shape.name));
    shape.element = std::move(*element);
  }
  if (map) {
    auto key = read_member("", at(whole, "key"), shapes);
    if (!key) return std::unexpected(key.error().in(shape.name));
    shape.key = std::move(*key);
  }
  return {};
}

Result<void> ServiceModel::read_shape(Shape& shape, const JsonObject& from) {
  const Json whole = from;
  auto type = type_of(text(whole, "type"));
  if (!type) return std::unexpected(type.error().in(shape.name));
  shape.type = *type;
  shape.location_name = text(whole, "locationName");
  shape.error_code = text(at(whole, "error"), "code");
  shape.document = flag(whole, "document");
  shape.is_union = flag(whole, "union");
  if (const auto* required = at(whole, "required").if_array()) {
    for (const Json& name : *required) {
      if (name.is_string()) shape.required.emplace_back(name.as_string().c_str());
    }
  }
  return {};
}

Result<void> ServiceModel::read_shapes(const JsonObject& shapes) {
  for (const auto& entry : shapes) {
    const auto* object = entry.value().if_object();
    if (object == nullptr) return fail(Code::kInvalid, "a shape is no object");
    auto shape = std::make_unique<Shape>();
    shape->name = std::string(entry.key());
    if (auto done = read_shape(*shape, *object); !done) return done;
    shapes_.emplace(std::string(entry.key()), std::move(shape));
  }
  for (const auto& entry : shapes) {
    Shape& shape = *shapes_.find(std::string_view(entry.key()))->second;
    if (auto done = read_children(shape, entry.value().as_object(), shapes); !done) return done;
  }
  return {};
}

Result<void> ServiceModel::read_operation(std::string name, const Json& from,
                                          const JsonObject& shapes) {
  Operation operation;
  operation.name = name;
  const Json& http = at(from, "http");
  if (auto method = text(http, "method"); !method.empty()) operation.method = method;
  if (auto uri = text(http, "requestUri"); !uri.empty()) operation.uri = uri;
  operation.host_prefix = text(at(from, "endpoint"), "hostPrefix");
  operation.checksum_required = flag(from, "httpChecksumRequired") ||
                                flag(at(from, "httpChecksum"), "requestChecksumRequired");
  if (const auto* parameters = at(from, "staticContextParams").if_object()) {
    for (const auto& entry : *parameters) {
      operation.endpoint_parameters[entry.key()] = at(entry.value(), "value");
    }
  }
  if (!at(from, "input").is_null()) {
    auto input = read_member("input", at(from, "input"), shapes);
    if (!input) return std::unexpected(input.error().in(name));
    operation.input = std::move(*input);
  }
  if (!at(from, "output").is_null()) {
    auto output = read_member("output", at(from, "output"), shapes);
    if (!output) return std::unexpected(output.error().in(name));
    operation.result_wrapper = text(at(from, "output"), "resultWrapper");
    operation.output = std::move(*output);
  }
  if (operation.result_wrapper.empty()) operation.result_wrapper = name + "Result";
  operations_.emplace(std::move(name), std::move(operation));
  return {};
}

Result<std::shared_ptr<const ServiceModel>> ServiceModel::parse(const Json& service_2) {
  auto model = std::make_shared<ServiceModel>();
  const Json& metadata = at(service_2, "metadata");
  auto protocol = choose_protocol(metadata);
  if (!protocol) return std::unexpected(protocol.error());
  model->protocol = std::move(*protocol);
  model->service_id = text(metadata, "serviceId");
  model->endpoint_prefix = text(metadata, "endpointPrefix");
  model->target_prefix = text(metadata, "targetPrefix");
  model->json_version = text(metadata, "jsonVersion");
  if (model->json_version.empty()) model->json_version = "1.0";
  model->api_version = text(metadata, "apiVersion");
  model->signing_name = text(metadata, "signingName");
  if (model->signing_name.empty()) model->signing_name = model->endpoint_prefix;
  model->xml_namespace = text(metadata, "xmlNamespace");
  model->query_compatible = !at(metadata, "awsQueryCompatible").is_null();
  const JsonObject none;
  const auto* shapes = at(service_2, "shapes").if_object();
  if (shapes == nullptr) shapes = &none;
  if (auto done = model->read_shapes(*shapes); !done) return std::unexpected(done.error());
  const auto* operations = at(service_2, "operations").if_object();
  if (operations == nullptr) return fail(Code::kInvalid, "the model has no operations");
  for (const auto& entry : *operations) {
    auto done = model->read_operation(std::string(entry.key()), entry.value(), *shapes);
    if (!done) return std::unexpected(done.error());
  }
  return std::shared_ptr<const ServiceModel>(std::move(model));
}

}  // namespace infra::aws
