#include "base/json.h"

#include <algorithm>

namespace infra {
namespace {

std::pair<std::string_view, std::string_view> split_head(std::string_view path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return {path, {}};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

void write_canonical(const Json& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    std::vector<std::string_view> keys;
    keys.reserve(object->size());
    for (const auto& member : *object) keys.push_back(member.key());
    std::ranges::sort(keys);
    out += '{';
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i != 0) out += ',';
      out += boost::json::serialize(boost::json::string(keys[i]));
      out += ':';
      write_canonical(object->at(keys[i]), out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i != 0) out += ',';
      write_canonical((*array)[i], out);
    }
    out += ']';
  } else {
    out += boost::json::serialize(value);
  }
}

bool same_number(const Json& a, const Json& b) {
  if (a.is_double() || b.is_double()) return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

bool same_object(const JsonObject& a, const JsonObject& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a, [&b](const auto& member) {
    const Json* other = b.if_contains(member.key());
    return other != nullptr && same(member.value(), *other);
  });
}

// Where a text stops being JSON, for people: only its place is told, and never what stands there.
std::string fault_in(std::string_view text, const boost::system::error_code& error) {
  boost::json::stream_parser parser;
  boost::system::error_code ignored;
  const auto read = text.substr(0, parser.write_some(text.data(), text.size(), ignored));
  if (read.size() == text.size()) return "it ends too early";
  const auto line = 1 + std::ranges::count(read, '\n');
  const auto column = read.size() - (read.rfind('\n') + 1) + 1;
  const auto last = read.find_last_not_of(" \t\r\n");
  const bool closes = text[read.size()] == '}' || text[read.size()] == ']';
  const bool comma = closes && last != std::string_view::npos && read[last] == ',';
  return (comma ? std::string("there is a comma too many before") : error.message() + " at") +
         " line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 64;
  Json value = boost::json::parse(text, error, {}, options);
  if (error) return fail(Code::kInvalid, "not valid JSON: " + fault_in(text, error));
  return value;
}

const Json* find_path(const Json& value, std::string_view path) {
  if (path.empty()) return &value;
  const auto* object = value.if_object();
  if (object == nullptr) return nullptr;
  const auto [head, rest] = split_head(path);
  const Json* member = object->if_contains(head);
  return member == nullptr ? nullptr : find_path(*member, rest);
}

std::string plain_text(const Json& value) {
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

std::string text_at(const Json& value, std::string_view path) {
  const Json* found = find_path(value, path);
  if (found == nullptr || !found->is_string()) return {};
  return std::string(found->get_string());
}

void set_path(Json& value, std::string_view path, Json leaf) {
  if (path.empty()) {
    value = std::move(leaf);
    return;
  }
  if (!value.is_object()) value = JsonObject{};
  const auto [head, rest] = split_head(path);
  set_path(value.get_object()[head], rest, std::move(leaf));
}

void erase_path(Json& value, std::string_view path) {
  auto* object = value.if_object();
  if (object == nullptr) return;
  const auto [head, rest] = split_head(path);
  if (rest.empty()) {
    object->erase(head);
  } else if (Json* member = object->if_contains(head)) {
    erase_path(*member, rest);
  }
}

bool same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return same_number(a, b);
  if (a.kind() != b.kind()) return false;
  if (a.is_object()) return same_object(a.get_object(), b.get_object());
  if (a.is_array()) {
    return std::ranges::equal(a.get_array(), b.get_array(),
                              [](const Json& x, const Json& y) { return same(x, y); });
  }
  return a == b;
}

bool same_at(const Json& a, const Json& b, std::string_view path) {
  const Json* left = find_path(a, path);
  const Json* right = find_path(b, path);
  return left == nullptr || right == nullptr ? left == right : same(*left, *right);
}

std::string canonical(const Json& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

JsonObject merge_patch(const Json& from, const Json& to) {
  JsonObject patch;
  const JsonObject empty;
  const JsonObject& before = from.is_object() ? from.get_object() : empty;
  const JsonObject& after = to.is_object() ? to.get_object() : empty;
  for (const auto& member : before) {
    if (!after.contains(member.key())) patch[member.key()] = nullptr;
  }
  for (const auto& member : after) {
    const Json* old = before.if_contains(member.key());
    if (old != nullptr && same(*old, member.value())) continue;
    if (old != nullptr && old->is_object() && member.value().is_object()) {
      patch[member.key()] = merge_patch(*old, member.value());
    } else {
      patch[member.key()] = member.value();
    }
  }
  return patch;
}

}  // namespace infra
