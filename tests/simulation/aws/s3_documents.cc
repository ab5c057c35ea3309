#include "aws/s3_documents.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "aws/xml_writer.h"

namespace infra::sim {
namespace {

constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

// Elements that may come more than once, in the singular as they stand in the XML.
constexpr std::array<std::string_view, 8> kRepeated{
    "CORSRule",     "AllowedMethod", "AllowedOrigin", "AllowedHeader",
    "ExposeHeader", "Rule",          "Transition",    "NoncurrentVersionTransition"};
constexpr std::array<std::string_view, 6> kNumbers{"Days",
                                                   "MaxAgeSeconds",
                                                   "NoncurrentDays",
                                                   "NewerNoncurrentVersions",
                                                   "ObjectSizeGreaterThan",
                                                   "ObjectSizeLessThan"};
constexpr std::array<std::string_view, 6> kBooleans{
    "BlockPublicAcls",       "IgnorePublicAcls", "BlockPublicPolicy",
    "RestrictPublicBuckets", "BucketKeyEnabled", "ExpiredObjectDeleteMarker"};

template <class Names>
bool one_of(std::string_view name, const Names& names) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view plain_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') == std::string_view::npos ? 0 : name.find(':') + 1);
}

// A Tag stands alone in a filter, and is one of many elsewhere.
bool repeats(std::string_view parent, std::string_view name) {
  if (name == "Tag") return parent != "Filter";
  return one_of(name, kRepeated);
}

Json read_element(const pugi::xml_node& node);

Json read_members(const pugi::xml_node& node) {
  JsonObject out;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string name(plain_name(child));
    if (!repeats(plain_name(node), name)) {
      out[name] = read_element(child);
      continue;
    }
    Json& list = out[name + "s"];
    if (!list.is_array()) list = JsonArray();
    list.get_array().push_back(read_element(child));
  }
  return out;
}

Json read_element(const pugi::xml_node& node) {
  const std::string_view name = plain_name(node);
  // A set of tags is a list of its own, without a name for its members.
  if (name == "TagSet" || name == "Tags") {
    Json members = read_members(node);
    const Json* tags = members.get_object().if_contains("Tags");
    return tags == nullptr ? Json(JsonArray()) : *tags;
  }
  const bool structure = std::ranges::any_of(node.children(), [](const pugi::xml_node& child) {
    return child.type() == pugi::node_element;
  });
  if (structure) return read_members(node);
  const std::string text = node.text().get();
  if (one_of(name, kNumbers)) return Json(std::atoll(text.c_str()));
  if (one_of(name, kBooleans)) return Json(text == "true" || text == "TRUE");
  return Json(text);
}

void write_value(XmlWriter& xml, std::string_view name, const Json& value) {
  if (value.is_object()) {
    xml.open(name);
    for (const auto& entry : value.get_object()) write_value(xml, entry.key(), entry.value());
    xml.close();
  } else if (value.is_array() && name == "TagSet") {
    xml.open(name);
    for (const Json& item : value.get_array()) write_value(xml, "Tag", item);
    xml.close();
  } else if (value.is_array()) {
    const std::string_view singular = name.substr(0, name.size() - 1);
    for (const Json& item : value.get_array()) write_value(xml, singular, item);
  } else if (value.is_bool()) {
    xml.boolean(name, value.get_bool());
  } else if (value.is_int64()) {
    xml.text(name, std::to_string(value.get_int64()));
  } else {
    xml.text(name, text_at(value, ""));
  }
}

}  // namespace

std::optional<Json> read_document(std::string_view text, std::string_view root) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return std::nullopt;
  const pugi::xml_node node = document.document_element();
  if (plain_name(node) != root) return std::nullopt;
  return read_members(node);
}

std::string write_document(std::string_view root, const Json& value) {
  XmlWriter xml;
  xml.open(root, kNamespace);
  for (const auto& entry : value.as_object()) write_value(xml, entry.key(), entry.value());
  return xml.close().take();
}

}  // namespace infra::sim
