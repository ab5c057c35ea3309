#include "operator/change_event.h"

#include <optional>

#include "base/json.h"

namespace infra {
namespace {

constexpr std::string_view kDetailType = "AWS API Call via CloudTrail";

// arn:partition:service:region:account:type/name, where type and name may be parted by a colon as
// well and the name may have more parts.
void add_parts_of_arn(std::string_view arn, std::set<std::string>& names) {
  std::size_t at = 0;
  for (int colons = 0; colons < 5; ++colons) {
    at = arn.find(':', at);
    if (at == std::string_view::npos) return;
    ++at;
  }
  std::string_view rest = arn.substr(at);
  while (true) {
    names.emplace(rest);
    const auto end = rest.find_first_of(":/");
    names.emplace(rest.substr(0, end));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

// As deep as parse_json() lets a text be.
void add_texts(const Json& value, std::set<std::string>& names) {
  if (const auto* text = value.if_string()) {
    names.emplace(*text);
    if (text->starts_with("arn:")) add_parts_of_arn(*text, names);
  } else if (const auto* list = value.if_array()) {
    for (const Json& item : *list) add_texts(item, names);
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) add_texts(member.value(), names);
  }
}

std::set<std::string> names_in(const Json& detail) {
  std::set<std::string> out;
  for (const char* part : {"requestParameters", "responseElements", "resources"}) {
    const Json* found = find_path(detail, part);
    if (found != nullptr) add_texts(*found, out);
  }
  return out;
}

// Events about data, such as an object put into a bucket, say nothing of the bucket itself.
bool changes(const Json& detail) {
  const Json* read_only = find_path(detail, "readOnly");
  const bool reads = read_only != nullptr && *read_only == Json(true);
  const std::string category = text_at(detail, "eventCategory");
  const bool manages = category.empty() || category == "Management";
  return !reads && manages && text_at(detail, "errorCode").empty();
}

// What EventBridge and CloudTrail say of the same; emulators may leave one of them out. None if
// they say different things.
std::optional<std::string> agreed(const std::string& envelope, const std::string& detail) {
  if (envelope.empty()) return detail;
  if (detail.empty() || detail == envelope) return envelope;
  return std::nullopt;
}

}  // namespace

Result<ChangeEvent> parse_change_event(std::string_view message) {
  const auto parsed = parse_json(message);
  if (!parsed) return fail(Code::kInvalid, "it is no JSON; nobody but EventBridge is to send here");
  const Json* detail = find_path(*parsed, "detail");
  if (detail == nullptr || !detail->is_object() || text_at(*parsed, "detail-type") != kDetailType) {
    return fail(Code::kInvalid,
                "it is no API call that EventBridge has from CloudTrail; let the rule match the "
                "detail-type \"AWS API Call via CloudTrail\", send whole events, and send them "
                "straight to the queue");
  }
  // EventBridge lets nobody but AWS send as one of these.
  if (!text_at(*parsed, "source").starts_with("aws.")) {
    return fail(Code::kInvalid,
                "its source is not AWS; let the rule match the source {\"prefix\": \"aws.\"}");
  }
  const auto account = agreed(text_at(*parsed, "account"), text_at(*detail, "recipientAccountId"));
  const auto region = agreed(text_at(*parsed, "region"), text_at(*detail, "awsRegion"));
  if (!account || !region) {
    return fail(Code::kInvalid, "it names two accounts or two regions; it was not made by AWS");
  }
  ChangeEvent out{.account = *account, .region = *region};
  const std::string source = text_at(*detail, "eventSource");
  out.service = source.substr(0, source.find('.'));
  out.caller = text_at(*detail, "userIdentity.arn");
  out.user_agent = text_at(*detail, "userAgent");
  out.changes = changes(*detail);
  if (out.changes) out.names = names_in(*detail);
  return out;
}

}  // namespace infra
