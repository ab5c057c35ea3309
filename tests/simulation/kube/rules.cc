#include "kube/rules.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace infra::sim {
namespace {

constexpr std::string_view kIpv4Text =
    R"(self.contains(':') || (self.matches('^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$'))"
    R"( && self.split('/')[0].split('.').all(n, int(n) <= 255))"
    R"( && int(self.split('/')[1]) <= 32))";

// What stands between two words at the beginning of a text.
std::optional<std::string> between(std::string_view text, std::string_view before,
                                   std::string_view after) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  const auto end = text.find(after);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(text.substr(0, end));
}

std::optional<Rule> member_unchanged(const std::string& text) {
  const auto member = between(text, "has(self.", ")");
  if (!member) return std::nullopt;
  const auto whole = fmt::format(
      "has(self.{0}) == has(oldSelf.{0}) && (!has(self.{0}) || self.{0} == oldSelf.{0})", *member);
  if (text != whole) return std::nullopt;
  return Rule{.form = Rule::Form::kMemberUnchanged, .member = *member};
}

std::optional<Json> literal(std::string_view text) {
  const bool is_text = text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
  if (is_text && text.find_first_of("\\'", 1) == text.size() - 1) {
    return Json(boost::json::string(text.substr(1, text.size() - 2)));
  }
  auto value = parse_json(text);
  if (!value || !(value->is_bool() || value->is_number())) return std::nullopt;
  return std::move(*value);
}

std::optional<Rule> member_same_or_default(const std::string& text) {
  const auto member = between(text, "(has(self.", ")");
  if (!member) return std::nullopt;
  const auto fallback = between(text, fmt::format("(has(self.{0}) ? self.{0} : ", *member), ")");
  if (!fallback) return std::nullopt;
  const auto whole =
      fmt::format("(has(self.{0}) ? self.{0} : {1}) == (has(oldSelf.{0}) ? oldSelf.{0} : {1})",
                  *member, *fallback);
  const auto value = literal(*fallback);
  if (text != whole || !value) return std::nullopt;
  return Rule{.form = Rule::Form::kMemberSameOrDefault, .member = *member, .fallback = *value};
}

std::optional<Rule> member_no_match(const std::string& text) {
  const auto member = between(text, "!self.", ".matches('");
  if (!member) return std::nullopt;
  const auto pattern = between(text, "!self." + *member + ".matches('", "')");
  // A backslash would have to be read by CEL's rules first.
  if (!pattern || pattern->find('\\') != std::string::npos) return std::nullopt;
  if (text != fmt::format("!self.{}.matches('{}')", *member, *pattern)) return std::nullopt;
  return Rule{.form = Rule::Form::kMemberNoMatch,
              .member = *member,
              .pattern = std::make_shared<const Pattern>(*pattern)};
}

std::optional<Rule> shortest(const std::string& text) {
  constexpr std::string_view kStart = "size(self) >= ";
  if (!text.starts_with(kStart)) return std::nullopt;
  Rule rule{.form = Rule::Form::kShortest};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + kStart.size(), end, rule.size);
  if (error != std::errc() || stop != end) return std::nullopt;
  return rule;
}

std::optional<Rule> recognised(const std::string& text);

std::optional<Rule> empty_or(const std::string& text) {
  constexpr std::string_view kStart = "self == '' || ";
  if (!text.starts_with(kStart)) return std::nullopt;
  auto other = recognised(text.substr(kStart.size()));
  if (!other || other->compares()) return std::nullopt;
  Rule rule{.form = Rule::Form::kEmptyOr};
  rule.other.push_back(std::move(*other));
  return rule;
}

std::optional<Rule> recognised(const std::string& text) {
  if (text == "self == oldSelf") return Rule{.form = Rule::Form::kUnchanged};
  if (text == kIpv4Text) return Rule{.form = Rule::Form::kIpv4Range};
  for (const auto form :
       {member_unchanged, member_same_or_default, member_no_match, shortest, empty_or}) {
    if (auto rule = form(text)) return rule;
  }
  return std::nullopt;
}

bool same_or_both_absent(const Json* a, const Json* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return same(*a, *b);
}

// One to three digits, as a number; -1 if it is something else.
int small_number(std::string_view text, std::size_t most_digits) {
  int value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.size() > most_digits) return -1;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value >= 0 ? value : -1;
}

bool ipv4_range(std::string_view text) {
  if (text.find(':') != std::string_view::npos) return true;
  for (const char stop : {'.', '.', '.', '/'}) {
    const auto end = text.find(stop);
    if (end == std::string_view::npos) return false;
    const int part = small_number(text.substr(0, end), 3);
    if (part < 0 || part > 255) return false;
    text.remove_prefix(end + 1);
  }
  const int length = small_number(text, 2);
  return length >= 0 && length <= 32;
}

std::string_view text_of(const Json* value) {
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

std::size_t size_of(const Json& value) {
  if (const auto* array = value.if_array()) return array->size();
  if (const auto* object = value.if_object()) return object->size();
  std::size_t characters = 0;
  for (const char c : text_of(&value)) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return characters;
}

}  // namespace

bool Rule::compares() const {
  return form == Form::kUnchanged || form == Form::kMemberUnchanged ||
         form == Form::kMemberSameOrDefault;
}

bool Rule::holds(const Json& self, const Json* old) const {
  const Json* now = member.empty() ? nullptr : find_path(self, member);
  const Json* before = member.empty() || old == nullptr ? nullptr : find_path(*old, member);
  switch (form) {
    case Form::kUnchanged: return old == nullptr || same(self, *old);
    case Form::kMemberUnchanged: return same_or_both_absent(now, before);
    case Form::kMemberSameOrDefault:
      return same(now == nullptr ? fallback : *now, before == nullptr ? fallback : *before);
    case Form::kMemberNoMatch: return !pattern->found_in(text_of(now));
    case Form::kIpv4Range: return ipv4_range(text_of(&self));
    case Form::kShortest: return size_of(self) >= size;
    case Form::kEmptyOr:
      return (self.is_string() && self.get_string().empty()) || other.front().holds(self, old);
  }
  return true;
}

Rule compile_rule(const std::string& text, const std::string& message) {
  auto rule = recognised(text);
  if (!rule) {
    throw std::runtime_error("the fake API server does not know the rule '" + text +
                             "': teach it in kube/rules.cc");
  }
  rule->message = message.empty() ? "failed rule: " + text : message;
  return std::move(*rule);
}

}  // namespace infra::sim
