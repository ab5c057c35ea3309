#pragma once

#include <string>

#include "aws/cloud.h"
#include "aws/json_tags.h"
#include "aws/request.h"
#include "aws/xml_writer.h"

namespace infra::sim {

// Tags in the form of a query protocol: Tags.member.1.Key, or what else the list and its items are
// called.
inline JsonObject read_tag_fields(const Fields& form, const std::string& list) {
  JsonObject out;
  for (int i = 1; i <= form.count(list); ++i) {
    const std::string at = list + "." + std::to_string(i) + ".";
    out[form.text(at + "Key")] = form.text(at + "Value");
  }
  return out;
}

inline void write_tag_elements(XmlWriter& xml, const char* list, const char* item,
                               const JsonObject& tags) {
  xml.open(list);
  for (const auto& tag : tags) {
    xml.open(item).text("Key", tag.key()).text("Value", text_at(tag.value(), "")).close();
  }
  xml.close();
}

// Maps of texts: Attributes.entry.1.key.
inline JsonObject read_map_fields(const Fields& form, const std::string& map) {
  JsonObject out;
  const std::string list = map + ".entry";
  for (int i = 1; i <= form.count(list); ++i) {
    const std::string at = list + "." + std::to_string(i) + ".";
    out[form.text(at + "key")] = form.text(at + "value");
  }
  return out;
}

inline void write_map_elements(XmlWriter& xml, const char* map, const JsonObject& texts) {
  xml.open(map);
  for (const auto& entry : texts) {
    xml.open("entry").text("key", entry.key()).text("value", text_at(entry.value(), "")).close();
  }
  xml.close();
}

// The tags of a thing once a request has given it some, in a list of that name ...
inline JsonObject tags_with_given(const Thing& thing, const Fields& form, const std::string& list) {
  return merged_tags(thing.truth("tags").as_object(), read_tag_fields(form, list));
}

// ... or has taken those away that it names.
inline JsonObject tags_without_named(const Thing& thing, const Fields& form) {
  JsonObject out = thing.truth("tags").as_object();
  for (const std::string& key : form.list("TagKeys.member")) out.erase(key);
  return out;
}

}  // namespace infra::sim
