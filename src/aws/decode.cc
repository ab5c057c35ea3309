#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "aws/protocol.h"
#include "aws/values.h"
#include "aws/xml.h"
#include "base/base64.h"

namespace infra::aws {
namespace {

std::unexpected<Error> unreadable(std::string_view name) {
  return fail(Code::kUnavailable, "the answer's '" + std::string(name) + "' is unreadable");
}

Result<Json> from_wire_json(const Member& member, const Json& value, int depth);

Result<Json> read_json_structure(const Shape& shape, const Json& value, int depth) {
  if (!value.is_object()) return unreadable(shape.name);
  JsonObject out;
  for (const Member& member : shape.members) {
    if (!member.in_answer_body()) continue;
    const Json* found = value.as_object().if_contains(member.wire_name());
    if (found == nullptr || found->is_null()) continue;
    auto read = from_wire_json(member, *found, depth + 1);
    if (!read) return read;
    out[member.name] = std::move(*read);
  }
  return Json(std::move(out));
}

Result<Json> read_json_scalar(const Member& member, const Json& value) {
  const ShapeType type = member.shape->type;
  if (type == ShapeType::kTime && value.is_number()) {
    return Json(format_time(value.to_number<double>(), "iso8601"));
  }
  if (type == ShapeType::kInteger && value.is_double()) {
    const double number = value.as_double();
    if (number < -9e15 || number > 9e15) return unreadable(member.name);
    return Json(static_cast<std::int64_t>(number));
  }
  const bool fits =
      value.is_string() || (type == ShapeType::kBoolean && value.is_bool()) ||
      (value.is_number() && (type == ShapeType::kInteger || type == ShapeType::kFloat));
  if (!fits) return unreadable(member.name);
  if (!value.is_string()) return value;
  auto read = scalar_value(*member.shape, value.as_string());
  if (!read) return unreadable(member.name);
  return std::move(*read);
}

Result<Json> from_wire_json(const Member& member, const Json& value, int depth) {
  if (depth > kMaxDepth) return fail(Code::kUnavailable, "the answer is nested too deeply");
  const Shape& shape = *member.shape;
  if (value.is_null() || shape.document) return value;
  if (shape.type == ShapeType::kStructure) return read_json_structure(shape, value, depth);
  if (shape.type == ShapeType::kList) {
    if (!value.is_array()) return unreadable(member.name);
    JsonArray out;
    for (const Json& item : value.as_array()) {
      auto read = from_wire_json(shape.element, item, depth + 1);
      if (!read) return read;
      out.push_back(std::move(*read));
    }
    return Json(std::move(out));
  }
  if (shape.type == ShapeType::kMap) {
    if (!value.is_object()) return unreadable(member.name);
    JsonObject out;
    for (const auto& entry : value.as_object()) {
      auto read = from_wire_json(shape.element, entry.value(), depth + 1);
      if (!read) return read;
      out[entry.key()] = std::move(*read);
    }
    return Json(std::move(out));
  }
  return read_json_scalar(member, value);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Splits a header at commas that stand in no quotes; RFC 822 times hold one comma each.
std::vector<std::string> header_items(std::string_view text, bool dates) {
  std::vector<std::string> out(1);
  bool quoted = false;
  bool within_date = dates;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      out.back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted && !within_date) {
      out.back() = std::string(trimmed(out.back()));
      out.emplace_back();
      within_date = dates;
    } else {
      if (c == ',') within_date = false;
      out.back() += c;
    }
  }
  out.back() = std::string(trimmed(out.back()));
  return out;
}

Result<Json> read_header(const Member& member, std::string_view text) {
  const Shape& shape = *member.shape;
  if (member.json_value) {
    const auto plain = base64_decode(text);
    auto parsed = plain ? parse_json(*plain) : Result<Json>(unreadable(member.name));
    if (!parsed) return unreadable(member.name);
    return parsed;
  }
  if (shape.type == ShapeType::kList) {
    const Member& element = shape.element;
    const bool dates = element.shape->type == ShapeType::kTime &&
                       (element.timestamp_format.empty() || element.timestamp_format == "rfc822");
    JsonArray out;
    for (const std::string& item : header_items(text, dates)) {
      auto value = scalar_value(*element.shape, item);
      if (!value) return unreadable(member.name);
      out.push_back(std::move(*value));
    }
    return Json(std::move(out));
  }
  auto value = scalar_value(shape, text);
  if (!value) return unreadable(member.name);
  return std::move(*value);
}

Result<void> read_headers(const Shape& shape, const net::HttpResponse& response, JsonObject& out) {
  for (const Member& member : shape.members) {
    if (member.location == "statusCode") out[member.name] = response.status;
    if (member.location == "header") {
      const auto text = net::header(response.headers, member.wire_name());
      if (text.empty()) continue;
      auto value = read_header(member, text);
      if (!value) return std::unexpected(value.error());
      out[member.name] = std::move(*value);
    }
    if (member.location != "headers") continue;
    JsonObject map;
    for (const auto& [name, value] : response.headers) {
      if (!boost::algorithm::istarts_with(name, member.location_name)) continue;
      map[name.substr(member.location_name.size())] = value;
    }
    out[member.name] = std::move(map);
  }
  return {};
}

// A page of some proxy, or an error within a 200, must not be read as a good answer that holds
// nothing: "nothing" means absent to whoever asked.
Result<void> check_root(const ServiceModel& model, const Operation& operation,
                        const pugi::xml_node& root) {
  const std::string name(local_name(root));
  const bool by_name = model.protocol == "ec2" || model.protocol == "query";
  const bool ours = name == operation.name + "Response" || name == operation.name;
  const bool foreign = by_name ? !ours : boost::algorithm::iequals(name, "html") || name == "Error";
  if (foreign) {
    return fail(Code::kUnavailable,
                "the answer is not one of AWS: it is a '" + name + "' document");
  }
  const bool wrapped = model.protocol == "query" && !operation.result_wrapper.empty();
  if (wrapped && !child_named(root, operation.result_wrapper)) {
    return fail(Code::kUnavailable, "the answer lacks its " + operation.result_wrapper);
  }
  return {};
}

Result<Json> read_xml_body(const ServiceModel& model, const Operation& operation,
                           const Member& target, std::string_view body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size(),
                            pugi::parse_default | pugi::parse_ws_pcdata_single)) {
    return fail(Code::kUnavailable, "the answer is no XML");
  }
  pugi::xml_node root = document.document_element();
  if (auto meant = check_root(model, operation, root); !meant) {
    return std::unexpected(meant.error());
  }
  if (model.protocol == "query") {
    if (const auto wrapper = child_named(root, operation.result_wrapper)) root = wrapper;
  }
  const auto& members = target.shape->members;
  // S3 answers GetBucketLocation with the only member as the root itself.
  if (model.protocol == "rest-xml" && members.size() == 1 && members[0].in_answer_body() &&
      local_name(root) == members[0].wire_name() && !child_named(root, members[0].wire_name()) &&
      members[0].shape->type == ShapeType::kString) {
    JsonObject out;
    out[members[0].name] = root.text().get();
    return Json(std::move(out));
  }
  return read_xml_structure(*target.shape, root, 0);
}

Result<Json> read_body(const ServiceModel& model, const Operation& operation, const Member& target,
                       std::string_view body) {
  if (model.protocol != "json" && model.protocol != "rest-json") {
    return read_xml_body(model, operation, target, body);
  }
  const auto parsed = parse_json(body);
  if (!parsed) return fail(Code::kUnavailable, "the answer is no JSON");
  return from_wire_json(target, *parsed, 0);
}

Result<void> read_payload(const ServiceModel& model, const Operation& operation,
                          const Member& member, std::string_view body, JsonObject& out) {
  if (body.empty()) return {};
  const ShapeType type = member.shape->type;
  if (type == ShapeType::kBlob) {
    out[member.name] = base64_encode(body);
  } else if (type == ShapeType::kString && !member.shape->document) {
    out[member.name] = body;
  } else {
    auto value = read_body(model, operation, member, body);
    if (!value) return std::unexpected(value.error());
    out[member.name] = std::move(*value);
  }
  return {};
}

bool reads(const Operation& operation) {
  return operation.method == "GET" || operation.name.starts_with("Get") ||
         operation.name.starts_with("List") || operation.name.starts_with("Describe");
}

// An empty body is a good answer of many writes, even of some whose model gives them an output, and
// it is a blob of no bytes. To a read it is no answer but one cut off, and taken for one it would
// say that the resource has none of what was asked for. A member that the model requires has to
// come from a write too.
bool owes_body(const Operation& operation) {
  const Shape& shape = *operation.output.shape;
  const Member* payload = shape.member(operation.output.payload);
  if (payload != nullptr && payload->shape->type == ShapeType::kBlob) return false;
  return std::ranges::any_of(shape.members, [&](const Member& member) {
    const bool required = std::ranges::find(shape.required, member.name) != shape.required.end();
    return member.location.empty() && (required || reads(operation));
  });
}

}  // namespace

Result<Json> decode(const ServiceModel& model, const Operation& operation,
                    const net::HttpResponse& response) {
  if (response.status >= 300 || response.status < 200) {
    return std::unexpected(decode_error(model, operation, response));
  }
  JsonObject out;
  if (operation.output.shape == nullptr) return Json(out);
  const Shape& shape = *operation.output.shape;
  constexpr int kNoContent = 204;
  if (response.body.empty() && response.status != kNoContent && owes_body(operation)) {
    return fail(Code::kUnavailable, "the answer has no body");
  }
  if (auto done = read_headers(shape, response, out); !done) return std::unexpected(done.error());
  if (const Member* member = shape.member(operation.output.payload)) {
    auto done = read_payload(model, operation, *member, response.body, out);
    if (!done) return std::unexpected(done.error());
    return Json(std::move(out));
  }
  const bool modeled = std::ranges::any_of(shape.members, &Member::in_answer_body);
  const bool rest = model.protocol.starts_with("rest-");
  if (!modeled || (rest && response.body.empty())) return Json(std::move(out));
  auto body = read_body(model, operation, operation.output, response.body);
  if (!body) return body;
  if (!body->is_object()) return fail(Code::kUnavailable, "the answer is no object");
  for (auto& entry : body->as_object()) out[entry.key()] = std::move(entry.value());
  return Json(std::move(out));
}

}  // namespace infra::aws
