#include "aws/xml.h"

#include <vector>

#include "aws/values.h"

namespace infra::aws {
namespace {

void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#xD;"; break;
      case '\n': out += "&#xA;"; break;
      default: out += c;
    }
  }
}

void attribute(std::string& out, std::string_view name, std::string_view value) {
  out.append(" ").append(name).append("=\"");
  escape(out, value);
  out += '"';
}

void open(std::string& out, const Member& member, std::string_view name) {
  out.append("<").append(name);
  if (member.xml_namespace.empty()) return;
  attribute(out, member.xml_prefix.empty() ? "xmlns" : "xmlns:" + member.xml_prefix,
            member.xml_namespace);
}

void close(std::string& out, std::string_view name) { out.append("</").append(name).append(">"); }

void write_structure(std::string& out, const Member& member, std::string_view name,
                     const JsonObject& value) {
  open(out, member, name);
  for (const auto& entry : value) {
    const Member* child = member.shape->member(entry.key());
    if (child == nullptr || !child->xml_attribute || entry.value().is_null()) continue;
    attribute(out, child->wire_name(), scalar_text(*child, entry.value(), "iso8601"));
  }
  out += '>';
  for (const auto& entry : value) {
    const Member* child = member.shape->member(entry.key());
    if (child == nullptr || child->xml_attribute || !child->location.empty()) continue;
    if (!entry.value().is_null()) write_xml(out, *child, child->wire_name(), entry.value());
  }
  close(out, name);
}

void write_list(std::string& out, const Member& member, std::string_view name,
                const JsonArray& value) {
  const Member& element = member.shape->element;
  if (member.flattened) {
    for (const Json& item : value) write_xml(out, element, name, item);
    return;
  }
  open(out, member, name);
  out += '>';
  const std::string item_name = element.location_name.empty() ? "member" : element.location_name;
  for (const Json& item : value) write_xml(out, element, item_name, item);
  close(out, name);
}

void write_map(std::string& out, const Member& member, std::string_view name,
               const JsonObject& value) {
  const Shape& shape = *member.shape;
  const std::string key_name = shape.key.location_name.empty() ? "key" : shape.key.location_name;
  const std::string value_name =
      shape.element.location_name.empty() ? "value" : shape.element.location_name;
  if (!member.flattened) {
    open(out, member, name);
    out += '>';
  }
  for (const auto& entry : value) {
    if (member.flattened) {
      open(out, member, name);
      out += '>';
    } else {
      out += "<entry>";
    }
    write_xml(out, shape.key, key_name, Json(entry.key()));
    write_xml(out, shape.element, value_name, entry.value());
    close(out, member.flattened ? name : "entry");
  }
  if (!member.flattened) close(out, name);
}

std::unexpected<Error> unreadable(std::string_view name) {
  return fail(Code::kUnavailable, "the answer's element '" + std::string(name) + "' is unreadable");
}

std::vector<pugi::xml_node> children_named(const pugi::xml_node& parent, std::string_view name) {
  std::vector<pugi::xml_node> found;
  for (const auto& child : parent.children()) {
    if (child.type() == pugi::node_element && local_name(child) == name) found.push_back(child);
  }
  return found;
}

Result<Json> read_items(const Member& member, const std::vector<pugi::xml_node>& nodes, int depth) {
  JsonArray out;
  for (const auto& node : nodes) {
    auto item = read_xml(member.shape->element, node, depth);
    if (!item) return item;
    out.push_back(std::move(*item));
  }
  return Json(std::move(out));
}

Result<Json> read_entries(const Member& member, const std::vector<pugi::xml_node>& nodes,
                          int depth) {
  const Shape& shape = *member.shape;
  JsonObject out;
  for (const auto& node : nodes) {
    const auto key = child_named(
        node, shape.key.location_name.empty() ? "key" : std::string_view(shape.key.location_name));
    const auto value = child_named(node, shape.element.location_name.empty()
                                             ? "value"
                                             : std::string_view(shape.element.location_name));
    if (!key || !value) return unreadable(local_name(node));
    auto item = read_xml(shape.element, value, depth);
    if (!item) return item;
    out[key.text().get()] = std::move(*item);
  }
  return Json(std::move(out));
}

Result<Json> read_flattened(const Member& member, const pugi::xml_node& parent, int depth) {
  auto nodes = children_named(parent, member.wire_name());
  const std::string& item_name = member.shape->element.location_name;
  // Some older models name the elements on the list instead of on the member.
  if (nodes.empty() && !item_name.empty() && member.shape->type == ShapeType::kList) {
    nodes = children_named(parent, item_name);
  }
  if (nodes.empty()) return Json();
  if (member.shape->type == ShapeType::kMap) return read_entries(member, nodes, depth);
  return read_items(member, nodes, depth);
}

Result<Json> read_scalar(const Member& member, std::string_view name, const char* text) {
  auto value = scalar_value(*member.shape, text);
  if (!value) return unreadable(name);
  return std::move(*value);
}

Result<Json> read_member_of(const Member& member, const pugi::xml_node& node, int depth) {
  const ShapeType type = member.shape->type;
  if (member.xml_attribute) {
    const auto found = node.attribute(member.wire_name().c_str());
    if (!found) return Json();
    return read_scalar(member, member.wire_name(), found.value());
  }
  if (member.flattened && (type == ShapeType::kList || type == ShapeType::kMap)) {
    return read_flattened(member, node, depth);
  }
  const auto child = child_named(node, member.wire_name());
  if (!child) return Json();
  return read_xml(member, child, depth);
}

}  // namespace

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child_named(const pugi::xml_node& parent, std::string_view name) {
  for (const auto& child : parent.children()) {
    if (child.type() == pugi::node_element && local_name(child) == name) return child;
  }
  return {};
}

void write_xml(std::string& out, const Member& member, std::string_view name, const Json& value) {
  if (member.shape->type == ShapeType::kStructure && value.is_object()) {
    return write_structure(out, member, name, value.as_object());
  }
  if (member.shape->type == ShapeType::kList && value.is_array()) {
    return write_list(out, member, name, value.as_array());
  }
  if (member.shape->type == ShapeType::kMap && value.is_object()) {
    return write_map(out, member, name, value.as_object());
  }
  open(out, member, name);
  out += '>';
  if (!value.is_null()) escape(out, scalar_text(member, value, "iso8601"));
  close(out, name);
}

Result<Json> read_xml_structure(const Shape& shape, const pugi::xml_node& node, int depth) {
  JsonObject out;
  for (const Member& member : shape.members) {
    if (!member.in_answer_body()) continue;
    auto value = read_member_of(member, node, depth);
    if (!value) return value;
    if (!value->is_null()) out[member.name] = std::move(*value);
  }
  return Json(std::move(out));
}

Result<Json> read_xml(const Member& member, const pugi::xml_node& node, int depth) {
  if (depth > kMaxDepth) return fail(Code::kUnavailable, "the answer is nested too deeply");
  const Shape& shape = *member.shape;
  if (shape.type == ShapeType::kStructure) return read_xml_structure(shape, node, depth + 1);
  if (shape.type == ShapeType::kList) {
    const std::string& name = shape.element.location_name;
    return read_items(member, children_named(node, name.empty() ? "member" : name), depth + 1);
  }
  if (shape.type == ShapeType::kMap) {
    return read_entries(member, children_named(node, "entry"), depth + 1);
  }
  return read_scalar(member, local_name(node), node.text().get());
}

}  // namespace infra::aws
