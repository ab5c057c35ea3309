#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

#include "aws/protocol.h"
#include "aws/values.h"
#include "aws/xml.h"
#include "base/base64.h"

namespace infra::aws {
namespace {

std::unexpected<Error> invalid(const std::string& path, std::string_view what) {
  return fail(Code::kInvalid, (path.empty() ? "the input" : path) + " " + std::string(what));
}

Result<void> check(const Member& member, const Json& value, const std::string& path, int depth);

Result<void> check_structure(const Shape& shape, const Json& value, const std::string& path,
                             int depth) {
  if (!value.is_object()) return invalid(path, "must be an object");
  const auto name_of = [&path](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  for (const std::string& name : shape.required) {
    const Json* found = value.as_object().if_contains(name);
    if (found == nullptr || found->is_null()) return invalid(name_of(name), "is required");
  }
  for (const auto& entry : value.as_object()) {
    const Member* member = shape.member(entry.key());
    if (member == nullptr) return invalid(name_of(entry.key()), "is not known to AWS");
    auto done = check(*member, entry.value(), name_of(entry.key()), depth + 1);
    if (!done) return done;
  }
  return {};
}

Result<void> check_scalar(ShapeType type, const Json& value, const std::string& path) {
  const auto* text = value.if_string();
  switch (type) {
    case ShapeType::kInteger:
      if (!value.is_int64() && !value.is_uint64()) return invalid(path, "must be a whole number");
      break;
    case ShapeType::kFloat:
      if (!value.is_number() &&
          (text == nullptr || (*text != "NaN" && *text != "Infinity" && *text != "-Infinity"))) {
        return invalid(path, "must be a number");
      }
      break;
    case ShapeType::kBoolean:
      if (!value.is_bool()) return invalid(path, "must be true or false");
      break;
    case ShapeType::kTime:
      if (!value.is_number() && (text == nullptr || !parse_time(*text))) {
        return invalid(path, "must be a time");
      }
      break;
    case ShapeType::kBlob:
      if (text == nullptr || !base64_decode(*text)) return invalid(path, "must be base64 text");
      break;
    default:
      if (text == nullptr) return invalid(path, "must be text");
  }
  return {};
}

Result<void> check(const Member& member, const Json& value, const std::string& path, int depth) {
  if (depth > kMaxDepth) return invalid(path, "is nested too deeply");
  const Shape& shape = *member.shape;
  if (value.is_null() || shape.document || member.json_value) return {};
  if (shape.type == ShapeType::kStructure) return check_structure(shape, value, path, depth);
  if (shape.type == ShapeType::kList) {
    if (!value.is_array()) return invalid(path, "must be a list");
    std::size_t index = 0;
    for (const Json& item : value.as_array()) {
      auto done = check(shape.element, item, path + "[" + std::to_string(index++) + "]", depth + 1);
      if (!done) return done;
    }
    return {};
  }
  if (shape.type == ShapeType::kMap) {
    if (!value.is_object()) return invalid(path, "must be an object");
    for (const auto& entry : value.as_object()) {
      auto done =
          check(shape.element, entry.value(), path + "." + std::string(entry.key()), depth + 1);
      if (!done) return done;
    }
    return {};
  }
  return check_scalar(shape.type, value, path);
}

std::string capitalized(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

// The form body of the query and ec2 protocols.
class FormWriter {
 public:
  explicit FormWriter(bool ec2) : ec2_(ec2) {}

  void pair(std::string_view key, std::string_view value) {
    if (!out_.empty()) out_ += '&';
    out_.append(net::percent_encode(key)).append("=").append(net::percent_encode(value));
  }

  void structure(const Shape& shape, const std::string& prefix, const JsonObject& value) {
    for (const auto& entry : value) {
      const Member* member = shape.member(entry.key());
      if (member == nullptr || entry.value().is_null()) continue;
      write(*member, prefix.empty() ? key_of(*member) : prefix + "." + key_of(*member),
            entry.value());
    }
  }

  std::string take() { return std::move(out_); }

 private:
  std::string key_of(const Member& member) const {
    if (!ec2_) return member.wire_name();
    return member.query_name.empty() ? capitalized(member.wire_name()) : member.query_name;
  }

  void write(const Member& member, const std::string& prefix, const Json& value) {
    const ShapeType type = member.shape->type;
    if (type == ShapeType::kStructure && value.is_object()) {
      structure(*member.shape, prefix, value.as_object());
    } else if (type == ShapeType::kList && value.is_array()) {
      list(member, prefix, value.as_array());
    } else if (type == ShapeType::kMap && value.is_object()) {
      map(member, prefix, value.as_object());
    } else {
      pair(prefix, value.is_null() ? "" : scalar_text(member, value, "iso8601"));
    }
  }

  void list(const Member& member, std::string prefix, const JsonArray& value) {
    const Member& element = member.shape->element;
    if (value.empty()) {
      if (!ec2_) pair(prefix, "");
      return;
    }
    if (!ec2_ && !member.flattened) {
      prefix += "." + (element.location_name.empty() ? "member" : element.location_name);
    } else if (!ec2_ && !element.location_name.empty()) {
      // A flattened list goes by the name of its elements.
      const auto dot = prefix.rfind('.');
      prefix = (dot == std::string::npos ? "" : prefix.substr(0, dot + 1)) + element.location_name;
    }
    std::size_t index = 0;
    for (const Json& item : value) write(element, prefix + "." + std::to_string(++index), item);
  }

  void map(const Member& member, const std::string& prefix, const JsonObject& value) {
    const Shape& shape = *member.shape;
    const std::string key_name = shape.key.location_name.empty() ? "key" : shape.key.location_name;
    const std::string value_name =
        shape.element.location_name.empty() ? "value" : shape.element.location_name;
    std::size_t index = 0;
    for (const auto& entry : value) {
      const std::string at =
          prefix + (member.flattened ? "." : ".entry.") + std::to_string(++index) + ".";
      pair(at + key_name, entry.key());
      write(shape.element, at + value_name, entry.value());
    }
  }

  bool ec2_;
  std::string out_;
};

Json to_wire_json(const Member& member, const Json& value);

Json structure_json(const Shape& shape, const Json& value) {
  JsonObject out;
  for (const auto& entry : value.as_object()) {
    const Member* member = shape.member(entry.key());
    if (member == nullptr || !member->location.empty() || entry.value().is_null()) continue;
    out[member->wire_name()] = to_wire_json(*member, entry.value());
  }
  return out;
}

Json time_json(const Member& member, const Json& value) {
  const double seconds = seconds_of(value);
  if (!member.timestamp_format.empty() && member.timestamp_format != "unixTimestamp") {
    return Json(format_time(seconds, member.timestamp_format));
  }
  const auto whole = static_cast<std::int64_t>(seconds);
  if (static_cast<double>(whole) == seconds) return whole;
  return seconds;
}

Json to_wire_json(const Member& member, const Json& value) {
  const Shape& shape = *member.shape;
  if (value.is_null() || shape.document) return value;
  if (member.json_value && !value.is_string()) return Json(boost::json::serialize(value));
  if (shape.type == ShapeType::kStructure) return structure_json(shape, value);
  if (shape.type == ShapeType::kTime) return time_json(member, value);
  if (shape.type == ShapeType::kList && value.is_array()) {
    JsonArray out;
    for (const Json& item : value.as_array()) out.push_back(to_wire_json(shape.element, item));
    return out;
  }
  if (shape.type == ShapeType::kMap && value.is_object()) {
    JsonObject out;
    for (const auto& entry : value.as_object()) {
      out[entry.key()] = to_wire_json(shape.element, entry.value());
    }
    return out;
  }
  return value;
}

// The rest-json and rest-xml protocols.
class RestWriter {
 public:
  RestWriter(const ServiceModel& model, const Operation& operation, const JsonObject& input)
      : operation_(operation), input_(input), json_(model.protocol == "rest-json") {}

  Result<EncodedRequest> write() {
    request_.method = operation_.method;
    if (auto done = path(); !done) return std::unexpected(done.error());
    if (operation_.input.shape != nullptr) {
      for (const Member& member : operation_.input.shape->members) place(member);
      body();
    }
    return std::move(request_);
  }

 private:
  const Json* value_of(std::string_view name) const {
    const Json* value = input_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  void set_header(std::string name, std::string value) {
    request_.headers.emplace_back(std::move(name), std::move(value));
  }

  void default_type(std::string type) {
    if (net::header(request_.headers, "Content-Type").empty()) {
      set_header("Content-Type", std::move(type));
    }
  }

  Result<std::string> label(std::string_view name) const {
    const bool greedy = name.ends_with('+');
    if (greedy) name.remove_suffix(1);
    const Shape* shape = operation_.input.shape;
    if (shape == nullptr) return invalid(std::string(name), "is no member of the input");
    for (const Member& member : shape->members) {
      if (member.location != "uri" || member.wire_name() != name) continue;
      const Json* value = value_of(member.name);
      const std::string text =
          value == nullptr ? std::string() : scalar_text(member, *value, "iso8601");
      // An empty label would silently address the parent collection.
      if (text.empty()) return invalid(member.name, "must not be empty");
      return net::percent_encode(text, greedy ? "/" : "");
    }
    return invalid(std::string(name), "is no member of the input");
  }

  Result<void> path() {
    std::string_view rest = operation_.uri;
    while (!rest.empty()) {
      const auto open = rest.find('{');
      const auto close = rest.find('}');
      request_.target += rest.substr(0, open);
      if (open == std::string_view::npos || close == std::string_view::npos) break;
      auto text = label(rest.substr(open + 1, close - open - 1));
      if (!text) return std::unexpected(text.error());
      request_.target += *text;
      rest.remove_prefix(close + 1);
    }
    return {};
  }

  void query(std::string_view name, std::string_view value) {
    request_.target += request_.target.find('?') == std::string::npos ? '?' : '&';
    request_.target.append(net::percent_encode(name))
        .append("=")
        .append(net::percent_encode(value));
  }

  bool named_query(std::string_view name) const {
    return std::ranges::any_of(operation_.input.shape->members, [this, name](const Member& m) {
      return m.location == "querystring" && m.shape->type != ShapeType::kMap &&
             m.wire_name() == name && value_of(m.name) != nullptr;
    });
  }

  void query_value(const Member& member, std::string_view name, const Json& value) {
    const Shape& shape = *member.shape;
    if (value.is_null()) return;
    if (shape.type == ShapeType::kList) {
      for (const Json& item : value.as_array()) query_value(shape.element, name, item);
    } else if (shape.type == ShapeType::kMap) {
      for (const auto& entry : value.as_object()) {
        // A parameter that has a member of its own is that member's alone.
        if (!named_query(entry.key())) query_value(shape.element, entry.key(), entry.value());
      }
    } else {
      query(name, scalar_text(member, value, "iso8601"));
    }
  }

  static std::string header_item(const Member& element, const Json& item) {
    std::string text = scalar_text(element, item, "rfc822");
    const bool plain =
        element.shape->type != ShapeType::kString || text.find_first_of(",\"") == std::string::npos;
    if (plain) return text;
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"";
  }

  void header_value(const Member& member, const Json& value) {
    if (member.json_value) {
      const std::string text =
          value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
      return set_header(member.wire_name(), base64_encode(text));
    }
    if (member.shape->type != ShapeType::kList) {
      return set_header(member.wire_name(), scalar_text(member, value, "rfc822"));
    }
    std::string joined;
    for (const Json& item : value.as_array()) {
      if (item.is_null()) continue;
      if (!joined.empty()) joined += ", ";
      joined += header_item(member.shape->element, item);
    }
    set_header(member.wire_name(), std::move(joined));
  }

  void place(const Member& member) {
    const Json* value = value_of(member.name);
    if (value == nullptr) return;
    if (member.location == "querystring") query_value(member, member.wire_name(), *value);
    if (member.location == "header") header_value(member, *value);
    if (member.location == "headers") {
      for (const auto& entry : value->as_object()) {
        set_header(member.location_name + std::string(entry.key()),
                   scalar_text(member.shape->element, entry.value(), "rfc822"));
      }
    }
  }

  std::string root_name(const Member& member) const {
    if (!member.location_name.empty()) return member.location_name;
    return member.shape->location_name.empty() ? member.shape->name : member.shape->location_name;
  }

  void payload(const Member& member) {
    const Json* value = value_of(member.name);
    const ShapeType type = member.shape->type;
    const bool raw = type == ShapeType::kString || type == ShapeType::kBlob;
    if (value == nullptr) {
      if (!json_ || raw || member.shape->document || member.shape->is_union) return;
      request_.body = "{}";
    } else if (member.shape->document) {
      request_.body = boost::json::serialize(*value);
    } else if (raw) {
      request_.body = scalar_text(member, *value, "");
      if (type == ShapeType::kBlob) request_.body = *base64_decode(request_.body);
      return default_type(type == ShapeType::kBlob ? "application/octet-stream" : "text/plain");
    } else if (json_) {
      request_.body = boost::json::serialize(to_wire_json(member, *value));
    } else {
      write_xml(request_.body, member, root_name(member), *value);
    }
    default_type(json_ ? "application/json" : "application/xml");
  }

  void body() {
    const Shape& shape = *operation_.input.shape;
    if (const Member* member = shape.member(operation_.input.payload)) return payload(*member);
    const bool modeled =
        std::ranges::any_of(shape.members, [](const Member& m) { return m.location.empty(); });
    if (!modeled) return;
    if (json_) {
      request_.body = boost::json::serialize(structure_json(shape, Json(input_)));
      return default_type("application/json");
    }
    const bool given = std::ranges::any_of(shape.members, [this](const Member& m) {
      return m.location.empty() && value_of(m.name) != nullptr;
    });
    if (!given) return;
    write_xml(request_.body, operation_.input, root_name(operation_.input), Json(input_));
    default_type("application/xml");
  }

  const Operation& operation_;
  const JsonObject& input_;
  const bool json_;
  EncodedRequest request_;
};

Result<EncodedRequest> encode_form(const ServiceModel& model, const Operation& operation,
                                   const JsonObject& input) {
  FormWriter form(model.protocol == "ec2");
  form.pair("Action", operation.name);
  form.pair("Version", model.api_version);
  if (operation.input.shape != nullptr) form.structure(*operation.input.shape, "", input);
  EncodedRequest request{.method = operation.method, .target = operation.uri};
  request.body = form.take();
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  return request;
}

Result<EncodedRequest> encode_json(const ServiceModel& model, const Operation& operation,
                                   const JsonObject& input) {
  EncodedRequest request{.method = operation.method, .target = operation.uri};
  request.body = "{}";
  if (operation.input.shape != nullptr) {
    request.body = boost::json::serialize(structure_json(*operation.input.shape, Json(input)));
  }
  request.headers.emplace_back("Content-Type", "application/x-amz-json-" + model.json_version);
  request.headers.emplace_back("X-Amz-Target", model.target_prefix + "." + operation.name);
  return request;
}

Result<std::string> host_prefix(const Operation& operation, const JsonObject& input) {
  std::string out;
  std::string_view rest = operation.host_prefix;
  while (!rest.empty()) {
    const auto open = rest.find('{');
    const auto close = rest.find('}');
    out += rest.substr(0, open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    const std::string name(rest.substr(open + 1, close - open - 1));
    const Json* value = input.if_contains(name);
    const bool usable = value != nullptr && value->is_string() && !value->as_string().empty() &&
                        std::ranges::all_of(value->as_string(), [](unsigned char c) {
                          return std::isalnum(c) || c == '-' || c == '.';
                        });
    if (!usable) return invalid(name, "must be usable in a host name");
    out += std::string_view(value->as_string());
    rest.remove_prefix(close + 1);
  }
  return out;
}

std::string md5(std::string_view body) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(body.data(), body.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  return std::string(reinterpret_cast<const char*>(digest), size);
}

// Line breaks in a value would start headers of the input's own making.
bool clean(const net::Headers& headers) {
  return std::ranges::none_of(headers, [](const auto& entry) {
    return (entry.first + entry.second).find_first_of(std::string_view("\r\n\0", 3)) !=
           std::string::npos;
  });
}

}  // namespace

void fill_token(const Operation& operation, Json& input, const std::string& token) {
  if (operation.input.shape == nullptr || !input.is_object()) return;
  for (const Member& member : operation.input.shape->members) {
    if (!member.idempotency_token || input.get_object().contains(member.name)) continue;
    input.get_object()[member.name] = token;
  }
}

std::string below(std::string base, const std::string& target) {
  while (base.ends_with('/')) base.pop_back();
  const std::string out = base + target;
  return out.starts_with('/') ? out : "/" + out;
}

Result<EncodedRequest> encode(const ServiceModel& model, const Operation& operation,
                              const Json& input) {
  const Json given = input.is_null() ? Json(JsonObject()) : input;
  if (!given.is_object()) return fail(Code::kInvalid, "the input must be an object");
  const JsonObject& object = given.as_object();
  if (operation.input.shape != nullptr) {
    auto done = check(operation.input, given, "", 0);
    if (!done) return std::unexpected(done.error());
  } else if (!object.empty()) {
    return invalid(std::string(object.begin()->key()), "is not known to AWS");
  }
  Result<EncodedRequest> request = fail(Code::kInternal, "");
  if (model.protocol == "ec2" || model.protocol == "query") {
    request = encode_form(model, operation, object);
  } else if (model.protocol == "json") {
    request = encode_json(model, operation, object);
  } else {
    request = RestWriter(model, operation, object).write();
  }
  if (!request) return request;
  auto prefix = host_prefix(operation, object);
  if (!prefix) return std::unexpected(prefix.error());
  request->host_prefix = std::move(*prefix);
  if (model.query_compatible) request->headers.emplace_back("x-amzn-query-mode", "true");
  if (operation.checksum_required && net::header(request->headers, "Content-MD5").empty()) {
    request->headers.emplace_back("Content-MD5", base64_encode(md5(request->body)));
  }
  if (!clean(request->headers)) return fail(Code::kInvalid, "a header value has a line break");
  return request;
}

}  // namespace infra::aws
