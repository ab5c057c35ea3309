#include "aws/paginate.h"

namespace infra::aws {
namespace {

// One text or a list of texts.
std::vector<std::string> texts_of(const Json& rules, std::string_view name) {
  std::vector<std::string> out;
  const Json* value = find_path(rules, name);
  if (value == nullptr) return out;
  if (value->is_string()) out.emplace_back(value->get_string());
  if (value->is_array()) {
    for (const Json& item : value->get_array()) out.push_back(text_at(item, ""));
  }
  return out;
}

const Json* step(const Json& value, std::string name) {
  constexpr std::string_view kLast = "[-1]";
  const bool last = name.ends_with(kLast);
  if (last) name.resize(name.size() - kLast.size());
  const Json* member = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (member == nullptr || !last) return member;
  if (!member->is_array() || member->get_array().empty()) return nullptr;
  return &member->get_array().back();
}

Json evaluate_path(const Json& value, std::string_view path) {
  const Json* at = &value;
  while (at != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    at = step(*at, std::string(path.substr(0, dot)));
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return at == nullptr ? Json(nullptr) : *at;
}

void append(Json& joined, const Json& page, const std::string& path) {
  const Json* more = find_path(page, path);
  if (more == nullptr || !more->is_array()) return;
  const Json* have = find_path(joined, path);
  if (have == nullptr) return set_path(joined, path, *more);
  if (!have->is_array()) return;
  JsonArray& items = const_cast<Json*>(have)->get_array();
  items.insert(items.end(), more->get_array().begin(), more->get_array().end());
}

bool is_token(const Json& value) {
  return !value.is_null() && !(value.is_string() && value.get_string().empty());
}

}  // namespace

Json evaluate(const Json& value, const std::string& expression) {
  std::string_view rest = expression;
  while (!rest.empty()) {
    constexpr std::string_view kOr = " || ";
    const auto at = rest.find(kOr);
    Json found = evaluate_path(value, rest.substr(0, at));
    if (is_token(found)) return found;
    rest = at == std::string_view::npos ? "" : rest.substr(at + kOr.size());
  }
  return nullptr;
}

Result<Paginator> Paginator::make(const Json& rules) {
  Paginator out;
  out.input_tokens_ = texts_of(rules, "input_token");
  out.output_tokens_ = texts_of(rules, "output_token");
  out.results_ = texts_of(rules, "result_key");
  out.more_ = text_at(rules, "more_results");
  if (out.input_tokens_.empty() || out.input_tokens_.size() != out.output_tokens_.size()) {
    return fail(Code::kInternal, "the paging rules cannot be read");
  }
  return out;
}

Result<JsonObject> Paginator::take(Json page) {
  JsonObject next;
  const bool more = more_.empty() || evaluate(page, more_) == Json(true);
  for (std::size_t i = 0; more && i < input_tokens_.size(); ++i) {
    Json token = evaluate(page, output_tokens_[i]);
    if (is_token(token)) next[input_tokens_[i]] = std::move(token);
  }
  if (more && !more_.empty() && next.empty()) {
    return fail(Code::kUnavailable, "AWS says there are more pages, but not how to get them");
  }
  if (first_)
    joined_ = std::move(page);
  else
    for (const auto& path : results_) append(joined_, page, path);
  first_ = false;
  if (!next.empty() && !seen_.insert(canonical(next)).second) {
    return fail(Code::kUnavailable, "AWS gave the same page token twice");
  }
  return next;
}

}  // namespace infra::aws
