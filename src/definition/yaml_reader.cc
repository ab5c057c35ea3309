#include "definition/yaml_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace infra::definition {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (const auto value = number<std::int64_t>(text)) return *value;
  const bool numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (numeric && text.find_first_of("0123456789") != std::string::npos) {
    if (const auto value = number<double>(text)) return *value;
  }
  return Json(text);
}

}  // namespace

void Complaints::add(int line, const std::string& what) {
  lines_.push_back(fmt::format("{}:{}: {}", file_, line, what));
}

std::string Complaints::text() const { return fmt::format("{}", fmt::join(lines_, "\n")); }

int line_of(const YAML::Node& node) { return node.IsDefined() ? node.Mark().line + 1 : 0; }

Json to_json(const YAML::Node& node) {
  if (node.IsScalar()) {
    return node.Tag() == "!" ? Json(node.Scalar()) : plain_scalar(node.Scalar());
  }
  if (node.IsSequence()) {
    JsonArray out;
    for (const auto& item : node) out.push_back(to_json(item));
    return out;
  }
  if (node.IsMap()) {
    JsonObject out;
    for (const auto& member : node) out[member.first.Scalar()] = to_json(member.second);
    return out;
  }
  return nullptr;
}

Words::Words(const YAML::Node& node, std::string where, Complaints& complaints,
             std::initializer_list<std::string_view> known)
    : node_(node), where_(std::move(where)), complaints_(complaints) {
  if (!node.IsDefined() || !node.IsMap()) {
    complaints.add(line_of(node), fmt::format("{} must be a mapping of words", where_));
    return;
  }
  for (const auto& member : node) {
    const std::string word = member.first.IsScalar() ? member.first.Scalar() : "(not a word)";
    if (std::ranges::find(known, word) == known.end()) {
      complaints.add(line_of(member.first),
                     fmt::format("unknown word '{}' in {}; known words are {}", word, where_,
                                 fmt::join(known, ", ")));
    } else if (has(word)) {
      complaints.add(line_of(member.first), fmt::format("'{}' is twice in {}", word, where_));
    } else {
      members_.emplace_back(word, member.second);
    }
  }
}

const YAML::Node* Words::find(std::string_view word) const {
  const auto found = std::ranges::find(members_, word, &std::pair<std::string, YAML::Node>::first);
  return found == members_.end() ? nullptr : &found->second;
}

YAML::Node Words::node(std::string_view word) const {
  const auto* found = find(word);
  return found == nullptr ? YAML::Node(YAML::NodeType::Undefined) : *found;
}

void Words::wrong(std::string_view word, const std::string& what) const {
  const auto* found = find(word);
  complaints_.add(found == nullptr ? line() : line_of(*found),
                  fmt::format("'{}' in {} {}", word, where_, what));
}

void Words::require(std::string_view word) const {
  if (node_.IsMap() && !has(word)) {
    complaints_.add(line(), fmt::format("{} lacks the word '{}'", where_, word));
  }
}

std::string Words::text(std::string_view word) const {
  const auto* found = find(word);
  if (found == nullptr) return {};
  if (!found->IsScalar()) {
    wrong(word, "must be a text");
    return {};
  }
  return found->Scalar();
}

bool Words::flag(std::string_view word) const {
  const auto* found = find(word);
  if (found == nullptr) return false;
  const Json value = to_json(*found);
  if (value.is_bool()) return value.get_bool();
  wrong(word, "must be true or false");
  return false;
}

std::optional<std::int64_t> Words::integer(std::string_view word) const {
  const auto* found = find(word);
  if (found == nullptr) return std::nullopt;
  const Json value = to_json(*found);
  if (value.is_int64()) return value.get_int64();
  wrong(word, "must be a whole number");
  return std::nullopt;
}

std::vector<YAML::Node> Words::items(std::string_view word) const {
  const auto* found = find(word);
  if (found == nullptr) return {};
  if (!found->IsSequence()) {
    wrong(word, "must be a list");
    return {};
  }
  return {found->begin(), found->end()};
}

std::vector<std::string> Words::texts(std::string_view word) const {
  std::vector<std::string> out;
  for (const auto& item : items(word)) {
    if (item.IsScalar()) {
      out.push_back(item.Scalar());
    } else {
      wrong(word, "must be a list of texts");
    }
  }
  return out;
}

std::vector<std::pair<std::string, YAML::Node>> Words::entries(std::string_view word) const {
  const auto* found = find(word);
  if (found == nullptr) return {};
  if (!found->IsMap()) {
    wrong(word, "must be a mapping");
    return {};
  }
  std::vector<std::pair<std::string, YAML::Node>> out;
  for (const auto& member : *found) {
    const std::string name = member.first.IsScalar() ? member.first.Scalar() : std::string();
    const bool twice = std::ranges::any_of(out, [&](const auto& e) { return e.first == name; });
    if (twice || name.empty()) {
      complaints_.add(line_of(member.first),
                      fmt::format("'{}' is twice or no name in '{}' of {}", name, word, where_));
    } else {
      out.emplace_back(name, member.second);
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> Words::pairs(std::string_view word) const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : entries(word)) {
    if (value.IsScalar()) {
      out.emplace_back(name, value.Scalar());
    } else {
      wrong(word, "must map names to texts");
    }
  }
  return out;
}

std::map<std::string, std::string> Words::text_map(std::string_view word) const {
  const auto all = pairs(word);
  return {all.begin(), all.end()};
}

std::map<std::string, Json> Words::json_map(std::string_view word) const {
  std::map<std::string, Json> out;
  for (const auto& [name, value] : entries(word)) out[name] = to_json(value);
  return out;
}

Json Words::json(std::string_view word) const {
  const auto* found = find(word);
  return found == nullptr ? Json(nullptr) : to_json(*found);
}

}  // namespace infra::definition
