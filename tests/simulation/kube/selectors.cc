#include "kube/selectors.h"

#include <algorithm>

namespace infra::sim {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Cut at the commas that stand outside of brackets.
std::vector<std::string> terms_of(std::string_view text) {
  std::vector<std::string> out;
  std::string term;
  int depth = 0;
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      out.emplace_back(trimmed(term));
      term.clear();
    } else {
      term += c;
    }
  }
  if (!trimmed(term).empty()) out.emplace_back(trimmed(term));
  return out;
}

Refused not_understood(std::string_view text) {
  return bad_request("unable to parse requirement: " + quoted(text));
}

bool may_be_named(const Kind& kind, const std::string& field) {
  if (field == "metadata.name" || (kind.namespaced && field == "metadata.namespace")) return true;
  return std::ranges::find(kind.fields, field) != kind.fields.end();
}

const Json* label_of(const Json& object, const std::string& name) {
  const Json* labels = find_path(object, "metadata.labels");
  return labels == nullptr || !labels->is_object() ? nullptr
                                                   : labels->get_object().if_contains(name);
}

}  // namespace

Answer<Selection::Wish> Selection::read_field(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return not_understood(text);
  const bool inverted = text[equals - 1] == '!';
  auto value = text.substr(equals + 1);
  if (value.starts_with('=')) value.remove_prefix(1);
  Wish wish{.kind = inverted ? Wish::Kind::kNotIn : Wish::Kind::kIn};
  wish.name = std::string(trimmed(text.substr(0, inverted ? equals - 1 : equals)));
  wish.values.emplace_back(trimmed(value));
  return wish;
}

Answer<Selection::Wish> Selection::read_label(std::string_view text) {
  if (text.starts_with('!')) {
    return Wish{.kind = Wish::Kind::kAbsent, .name = std::string(trimmed(text.substr(1)))};
  }
  const auto open = text.find('(');
  if (open == std::string_view::npos) {
    if (text.find('=') != std::string_view::npos) return read_field(text);
    if (text.find(' ') != std::string_view::npos) return not_understood(text);
    return Wish{.kind = Wish::Kind::kExists, .name = std::string(text)};
  }
  if (!text.ends_with(')')) return not_understood(text);
  Wish wish;
  for (auto& value : terms_of(text.substr(open + 1, text.size() - open - 2))) {
    wish.values.push_back(std::move(value));
  }
  auto head = trimmed(text.substr(0, open));
  if (head.ends_with(" notin")) {
    wish.kind = Wish::Kind::kNotIn;
    head.remove_suffix(6);
  } else if (head.ends_with(" in")) {
    head.remove_suffix(3);
  } else {
    return not_understood(text);
  }
  wish.name = std::string(trimmed(head));
  return wish;
}

Answer<Selection> Selection::read(const Kind& kind, const std::string& ns,
                                  const std::string& labels, const std::string& fields) {
  Selection out;
  out.ns_ = ns;
  for (const auto& term : terms_of(labels)) {
    auto wish = read_label(term);
    if (!wish) return std::unexpected(wish.error());
    out.labels_.push_back(std::move(*wish));
  }
  for (const auto& term : terms_of(fields)) {
    auto wish = read_field(term);
    if (!wish) return std::unexpected(wish.error());
    if (!may_be_named(kind, wish->name)) {
      return bad_request("field label not supported: " + wish->name);
    }
    out.fields_.push_back(std::move(*wish));
  }
  return out;
}

bool Selection::fulfilled(const Wish& wish, const Json* value) {
  if (wish.kind == Wish::Kind::kExists) return value != nullptr;
  if (wish.kind == Wish::Kind::kAbsent) return value == nullptr;
  const bool listed =
      value != nullptr && value->is_string() &&
      std::ranges::find(wish.values, std::string_view(value->get_string())) != wish.values.end();
  return wish.kind == Wish::Kind::kIn ? listed : !listed;
}

bool Selection::matches(const Json& object) const {
  if (!ns_.empty() && text_at(object, "metadata.namespace") != ns_) return false;
  for (const auto& wish : labels_) {
    if (!fulfilled(wish, label_of(object, wish.name))) return false;
  }
  for (const auto& wish : fields_) {
    if (!fulfilled(wish, find_path(object, wish.name))) return false;
  }
  return true;
}

}  // namespace infra::sim
