#include "definition/yaml_writer.h"

#include <algorithm>
#include <array>

namespace infra::definition {
namespace {

bool is_word(std::string_view text) {
  static constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./- ,;()";
  static constexpr std::array<std::string_view, 11> kReserved = {
      "true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"};
  if (text.empty() || text.back() == ' ') return false;
  if (kLetters.find(text.front()) == std::string_view::npos) {
    // ".spec.name" is as harmless as a word; ".5" and ".inf" are not.
    if (!text.starts_with(".spec.") && !text.starts_with(".status.") &&
        !text.starts_with(".metadata.")) {
      return false;
    }
  }
  if (text.find_first_not_of(kSafe) != std::string_view::npos) return false;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(kReserved, lower) == kReserved.end();
}

std::string scalar(const Json& value) {
  if (const auto* text = value.if_string(); text != nullptr && is_word(std::string_view(*text))) {
    return std::string(*text);
  }
  return boost::json::serialize(value);  // JSON scalars are YAML scalars
}

bool is_block(const Json& value) {
  return (value.is_object() && !value.get_object().empty()) ||
         (value.is_array() && !value.get_array().empty());
}

void write(const Json& value, std::size_t indent, std::string& out);

// Writes `value` after "name:" or "-". The first line of a list's item stands beside its dash.
void write_members(const JsonObject& object, std::size_t indent, bool beside_dash,
                   std::string& out) {
  for (const auto& member : object) {
    if (!beside_dash) out.append(indent, ' ');
    beside_dash = false;
    out += scalar(Json(member.key()));
    out += ':';
    if (!is_block(member.value())) {
      out += ' ' + scalar(member.value()) + '\n';
      continue;
    }
    out += '\n';
    write(member.value(), member.value().is_array() ? indent : indent + 2, out);
  }
}

void write(const Json& value, std::size_t indent, std::string& out) {
  if (value.is_object()) return write_members(value.get_object(), indent, false, out);
  for (const Json& item : value.get_array()) {
    out.append(indent, ' ');
    if (item.is_object() && is_block(item)) {
      out += "- ";
      write_members(item.get_object(), indent + 2, true, out);
    } else if (is_block(item)) {
      out += "-\n";
      write(item, indent + 2, out);
    } else {
      out += "- " + scalar(item) + '\n';
    }
  }
}

void write_json(const Json& value, std::size_t indent, std::string& out) {
  if (!is_block(value)) {
    out += boost::json::serialize(value);
    return;
  }
  const bool object = value.is_object();
  out += object ? "{\n" : "[\n";
  bool first = true;
  const auto start_line = [&] {
    if (!first) out += ",\n";
    first = false;
    out.append(indent + 2, ' ');
  };
  if (object) {
    for (const auto& member : value.get_object()) {
      start_line();
      out += boost::json::serialize(Json(member.key())) + ": ";
      write_json(member.value(), indent + 2, out);
    }
  } else {
    for (const Json& item : value.get_array()) {
      start_line();
      write_json(item, indent + 2, out);
    }
  }
  out += '\n';
  out.append(indent, ' ');
  out += object ? '}' : ']';
}

}  // namespace

std::string to_json_text(const Json& value) {
  std::string out;
  write_json(value, 0, out);
  return out + '\n';
}

std::string to_yaml(const Json& value) {
  if (!is_block(value)) return scalar(value) + '\n';
  std::string out;
  write(value, 0, out);
  return out;
}

}  // namespace infra::definition
