#include "planning/form.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "base/base64.h"
#include "net/http.h"
#include "planning/network.h"
#include "planning/path.h"

namespace infra::planning {
namespace {

using definition::Field;
using definition::Form;
using definition::Type;

Json object_to_aws(const Field& field, const Json& declared) {
  Json out = JsonObject{};
  for (const Field& member : field.fields) {
    const Json* value = find_path(declared, member.name);
    if (value != nullptr && !is_off(member, declared))
      write_path(out, member.at, to_aws(member, *value));
  }
  return out;
}

Json list_to_aws(const Field& field, const Json& declared) {
  JsonArray out;
  for (const Json& item : declared.get_array()) out.push_back(to_aws(field.fields.front(), item));
  return out;
}

Json text_to_value(const Field& field, const Json& text) {
  if (!text.is_string() || field.type == Type::kString) return text;
  auto parsed = parse_json(std::string_view(text.get_string()));
  return parsed ? *parsed : text;
}

std::optional<Json> object_from_aws(const Field& field, const Json& answer) {
  JsonObject out;
  for (const Field& member : field.fields) {
    auto value = value_in(member, answer);
    if (value) out[member.name] = std::move(*value);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

// A policy in one spelling: IAM treats a single item and a list of one alike and the order of lists
// as meaningless.
Json plain_policy(const Json& value) {
  if (value.is_object()) {
    JsonObject out;
    for (const auto& member : value.get_object()) out[member.key()] = plain_policy(member.value());
    return out;
  }
  if (!value.is_array()) return value;
  std::vector<std::string> items;
  for (const Json& item : value.get_array()) items.push_back(canonical(plain_policy(item)));
  if (items.size() == 1) return boost::json::parse(items.front());
  std::ranges::sort(items);
  JsonArray out;
  for (const auto& item : items) out.push_back(boost::json::parse(item));
  return out;
}

std::string policy_meaning(const Json& value) {
  std::string text = plain_text(value);
  if (text.starts_with('%')) text = net::percent_decode(text);
  auto parsed = parse_json(text);
  return parsed ? canonical(plain_policy(*parsed)) : text;
}

std::vector<std::string> sorted_items(const Json& list) {
  std::vector<std::string> items;
  if (!list.is_array()) return items;
  for (const Json& item : list.get_array()) items.push_back(canonical(item));
  std::ranges::sort(items);
  return items;
}

bool same_list(const Field& field, const Json& declared, const Json& observed) {
  if (field.form == Form::kSet) return sorted_items(declared) == sorted_items(observed);
  if (!observed.is_array() || declared.get_array().size() != observed.get_array().size()) {
    return false;
  }
  std::vector<std::string> differing;
  for (std::size_t i = 0; i < declared.get_array().size(); ++i) {
    add_differences(field.fields.front(), declared.get_array()[i], observed.get_array()[i], "",
                    differing);
  }
  return differing.empty();
}

// What stands behind the last of these characters, or all of it.
std::string_view tail(std::string_view text, char mark) {
  const auto at = text.rfind(mark);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

// A key by its id or ARN. AWS answers with the ARN of what an alias stands for, so an alias cannot
// be compared.
bool same_key(const std::string& declared, const std::string& observed) {
  if (declared.starts_with("alias/") || declared.find(":alias/") != std::string::npos) return true;
  return tail(declared, '/') == tail(observed, '/');
}

bool same_name_or_arn(const std::string& declared, const std::string& observed) {
  if (declared.starts_with("arn:") && observed.starts_with("arn:")) return declared == observed;
  return tail(declared, '/') == tail(observed, '/');
}

// Number by number, as far as both go: 15 is as new as 15.4, and 9.6 is older than 10.
bool is_older(std::string_view version, std::string_view than) {
  const auto part = [](std::string_view& text) {
    const auto dot = std::min(text.find('.'), text.size());
    const std::string_view first = text.substr(0, dot);
    text.remove_prefix(std::min(dot + 1, text.size()));
    return first;
  };
  while (!version.empty() && !than.empty()) {
    const std::string_view one = part(version), other = part(than);
    if (one == other || other == "x") continue;
    if (one.size() != other.size()) return one.size() < other.size();
    return one < other;
  }
  return false;
}

bool is_less(const Json& number, const Json& than) {
  return number.is_int64() && than.is_int64() && number.get_int64() < than.get_int64();
}

std::int64_t count(const Json& list) {
  return list.is_array() ? std::int64_t(list.get_array().size()) : 0;
}

Json spelled(const Field& field, const std::string& ours) {
  return field.type == Type::kBoolean ? Json(ours == "true") : Json(ours);
}

bool same_value(const Field& field, const Json& declared, const Json& observed) {
  switch (field.form) {
    case Form::kNetwork: return network(plain_text(declared)) == network(plain_text(observed));
    case Form::kKmsKey: return same_key(plain_text(declared), plain_text(observed));
    case Form::kNameOrArn: return same_name_or_arn(plain_text(declared), plain_text(observed));
    case Form::kAnyCase:
      return boost::algorithm::iequals(plain_text(declared), plain_text(observed));
    case Form::kVersion: return !is_older(plain_text(observed), plain_text(declared));
    case Form::kAtLeast: return !is_less(observed, declared);
    default: break;
  }
  if (field.form == Form::kPolicy) return policy_meaning(declared) == policy_meaning(observed);
  if (field.type == Type::kArray) return same_list(field, declared, observed);
  if (!field.values.empty()) return same(to_aws(field, declared), to_aws(field, observed));
  return same(declared, observed);
}

bool is_undeclared(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_string().empty());
}

Json without_undeclared(const Json& spec) {
  if (const auto* object = spec.if_object()) {
    JsonObject out;
    for (const auto& member : *object) {
      const Json& value = member.value();
      if (is_undeclared(value)) continue;
      out[member.key()] =
          member.key() == "tags" || member.key() == "variables" ? value : without_undeclared(value);
    }
    return out;
  }
  if (const auto* array = spec.if_array()) {
    JsonArray out;
    for (const Json& item : *array) out.push_back(without_undeclared(item));
    return out;
  }
  return spec;
}

void fill_defaults(const std::vector<Field>& fields, Json& value) {
  if (auto* list = value.if_array()) {
    for (Json& item : *list) fill_defaults(fields.front().fields, item);
  }
  if (!value.is_object()) return;
  for (const Field& field : fields) {
    if (Json* found = value.get_object().if_contains(field.name)) {
      fill_defaults(field.fields, *found);
    } else if (!field.fallback.is_null()) {
      value.get_object()[field.name] = field.fallback;
    }
  }
}

}  // namespace

bool is_off(const Field& member, const Json& object) {
  return !definition::holds(member.condition, object);
}

Json to_aws(const Field& field, const Json& declared) {
  if (!field.values.empty()) {
    const auto found = field.values.find(plain_text(declared));
    return found == field.values.end() ? declared : Json(found->second);
  }
  Json out = declared;
  if (field.type == Type::kObject && declared.is_object()) out = object_to_aws(field, declared);
  if (field.type == Type::kArray && declared.is_array() && !field.fields.empty()) {
    out = list_to_aws(field, declared);
  }
  if (field.form == Form::kText) return Json(plain_text(out));
  if (field.form == Form::kNetwork) return Json(network(plain_text(out)));
  if (field.form == Form::kBase64) return Json(base64_encode(plain_text(out)));
  if (field.form == Form::kNameOrArn) {
    const bool arn = plain_text(out).starts_with("arn:");
    return Json(JsonObject{{arn ? "Arn" : "Name", out}});
  }
  if (field.form == Form::kJson) return Json(boost::json::serialize(out));
  return out;
}

std::optional<Json> from_aws(const Field& field, const Json& answer) {
  if (!field.values.empty()) {
    for (const auto& [ours, theirs] : field.values) {
      if (plain_text(answer) == theirs) return spelled(field, ours);
    }
    return answer;
  }
  if (!field.shown.empty()) {
    const auto shown = field.shown.find(plain_text(answer));
    if (shown != field.shown.end()) return spelled(field, shown->second);
  }
  if (field.form == Form::kCount) return Json(count(answer));
  if (field.form == Form::kOthers) return Json(std::max<std::int64_t>(count(answer) - 1, 0));
  Json value = answer;
  if (field.form == Form::kText || field.form == Form::kJson) {
    value = field.form == Form::kJson && answer.is_string()
                ? parse_json(std::string_view(answer.get_string())).value_or(answer)
                : text_to_value(field, answer);
  }
  if (field.form == Form::kBase64)
    return Json(base64_decode(plain_text(value)).value_or(plain_text(value)));
  if (field.type == Type::kObject) return object_from_aws(field, value);
  if (field.type == Type::kInteger) return text_to_value(field, value);
  if (field.type == Type::kArray && value.is_array() && !field.fields.empty()) {
    JsonArray out;
    for (const Json& item : value.get_array()) {
      auto converted = from_aws(field.fields.front(), item);
      out.push_back(converted ? std::move(*converted) : Json(JsonObject{}));
    }
    return out;
  }
  return value;
}

std::optional<Json> value_in(const Field& field, const Json& answer) {
  auto place = read_path(answer, field.read_at);
  if (!place) return std::nullopt;
  return from_aws(field, *place);
}

void add_differences(const Field& field, const Json& declared, const std::optional<Json>& observed,
                     const std::string& path, std::vector<std::string>& out) {
  if (field.type == Type::kObject && declared.is_object()) {
    for (const Field& member : field.fields) {
      const Json* value = find_path(declared, member.name);
      if (value == nullptr || is_off(member, declared)) continue;
      std::optional<Json> theirs;
      if (observed) theirs = read_path(*observed, member.name);
      add_differences(member, *value, theirs, path + "." + member.name, out);
    }
    return;
  }
  if (!observed && !field.absent_as.is_null()) {
    return add_differences(field, declared, field.absent_as, path, out);
  }
  const bool both_empty = !observed && ((declared.is_array() && declared.get_array().empty()) ||
                                        (declared.is_string() && declared.get_string().empty()));
  if (both_empty) return;
  if (!observed || !same_value(field, declared, *observed)) out.push_back(path);
}

Json declared_in(const definition::Definition& definition, const Json& spec) {
  Json out = without_undeclared(spec);
  fill_defaults(definition.spec, out);
  return out;
}

}  // namespace infra::planning
