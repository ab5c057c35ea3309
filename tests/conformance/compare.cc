#include "compare.h"

#include <algorithm>
#include <set>

#include "aws/values.h"
#include "aws/xml.h"
#include "base/base64.h"

namespace infra::conformance {

using aws::Member;
using aws::Shape;
using aws::ShapeType;

namespace {

// Ours are written in one way; theirs as the service sent them.
bool same_time(std::string_view ours, std::string_view theirs) {
  constexpr std::size_t kDate = std::string_view("2015-01-25").size();
  if (ours.size() <= kDate || ours[kDate] != 'T' || !ours.ends_with('Z')) return false;
  const auto a = aws::parse_time(ours);
  const auto b = aws::parse_time(theirs);
  return a && b && std::abs(*a - *b) < 0.001;
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

}  // namespace

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
    const auto time = aws::parse_time(actual.as_string());
    return time && std::abs(*time - expected.to_number<double>()) < 0.001;
  }
  if (expected.is_string() && actual.is_string() &&
      same_time(actual.as_string(), expected.as_string())) {
    return true;
  }
  return same(actual, expected);
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

}  // namespace infra::conformance
