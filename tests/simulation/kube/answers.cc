#include "kube/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace infra::sim {
namespace {

JsonObject details_of(const Kind& kind, const std::string& name) {
  JsonObject details;
  if (!name.empty()) details["name"] = name;
  if (!kind.group.empty()) details["group"] = kind.group;
  details["kind"] = kind.plural;
  return details;
}

// Several errors stand in brackets, and none twice.
std::string all_of(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const auto& error : errors) {
    auto text = (error.field.empty() ? "<nil>" : error.field) + ": " + error.message();
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  if (texts.size() == 1) return texts.front();
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace

Json Refusal::body() const {
  JsonObject metadata;
  if (!resume.empty()) metadata["continue"] = resume;
  JsonObject out{{"kind", "Status"},
                 {"apiVersion", "v1"},
                 {"metadata", std::move(metadata)},
                 {"status", "Failure"},
                 {"message", message}};
  if (!reason.empty()) out["reason"] = reason;
  if (!details.empty()) out["details"] = details;
  out["code"] = code;
  return out;
}

net::HttpResponse Refusal::response() const {
  auto out = plain.empty()
                 ? json_response(code, boost::json::serialize(body()))
                 : net::HttpResponse{
                       .status = code, .headers = {{"Content-Type", "text/plain"}}, .body = plain};
  if (const Json* after = details.if_contains("retryAfterSeconds")) {
    out.headers.emplace_back("Retry-After", boost::json::serialize(*after));
  }
  return out;
}

Refused not_found(const Kind& kind, const std::string& name) {
  return Refused({.code = 404,
                  .reason = "NotFound",
                  .message = fmt::format("{} {} not found", kind.qualified_plural(), quoted(name)),
                  .details = details_of(kind, name)});
}

Refused already_exists(const Kind& kind, const std::string& name) {
  return Refused(
      {.code = 409,
       .reason = "AlreadyExists",
       .message = fmt::format("{} {} already exists", kind.qualified_plural(), quoted(name)),
       .details = details_of(kind, name)});
}

Refused conflict(const Kind& kind, const std::string& name, const std::string& why) {
  return Refused({.code = 409,
                  .reason = "Conflict",
                  .message = fmt::format("Operation cannot be fulfilled on {} {}: {}",
                                         kind.qualified_plural(), quoted(name), why),
                  .details = details_of(kind, name)});
}

Refused invalid(const Kind& kind, const std::string& name, const FieldErrors& errors) {
  JsonArray causes;
  for (const auto& error : errors) {
    causes.push_back(JsonObject{{"reason", error.reason()},
                                {"message", error.message()},
                                {"field", error.field.empty() ? "<nil>" : error.field}});
  }
  JsonObject details{{"kind", kind.name}, {"causes", std::move(causes)}};
  if (!name.empty()) details["name"] = name;
  if (!kind.group.empty()) details["group"] = kind.group;
  return Refused({.code = 422,
                  .reason = "Invalid",
                  .message = fmt::format("{} {} is invalid: {}", kind.qualified_name(),
                                         quoted(name), all_of(errors)),
                  .details = std::move(details)});
}

Refused invalid_patch(const std::string& why) {
  JsonArray causes{JsonObject{
      {"reason", "FieldValueInvalid"}, {"message", "Invalid value: " + why}, {"field", "patch"}}};
  return Refused({.code = 422,
                  .reason = "Invalid",
                  .message = " \"\" is invalid: patch: Invalid value: " + why,
                  .details = {{"causes", std::move(causes)}}});
}

Refused bad_request(const std::string& why) {
  return Refused({.code = 400, .reason = "BadRequest", .message = why});
}

Refused forbidden(const Kind& kind, const std::string& name, const std::string& why) {
  return Refused(
      {.code = 403,
       .reason = "Forbidden",
       .message = fmt::format("{} {} is forbidden: {}", kind.qualified_plural(), quoted(name), why),
       .details = details_of(kind, name)});
}

Refused method_not_allowed() {
  return Refused({.code = 405,
                  .reason = "MethodNotAllowed",
                  .message = "the server does not allow this method on the requested resource"});
}

Refused unreadable_version(const std::string& text) {
  return failure(fmt::format("strconv.ParseUint: parsing {}: invalid syntax", quoted(text)));
}

Refused failure(const std::string& why) { return Refused({.code = 500, .message = why}); }

Refused unsupported_type(const std::string& type) {
  return Refused({.code = 415,
                  .reason = "UnsupportedMediaType",
                  .message = "the body of the request was in an unknown format: " + quoted(type)});
}

Refused no_such_page() { return Refused({.code = 404, .plain = "404 page not found\n"}); }

Refused no_such_subresource(const Kind& kind, const std::string& name) {
  return Refused({.code = 404,
                  .reason = "NotFound",
                  .message = "the server could not find the requested resource",
                  .details = details_of(kind, name)});
}

Refused gone(const std::string& why) {
  return Refused({.code = 410, .reason = "Expired", .message = why});
}

Refused not_yet_seen(std::uint64_t version, std::uint64_t current) {
  const auto text = fmt::format("Too large resource version: {}, current: {}", version, current);
  JsonArray causes{
      JsonObject{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}};
  return Refused({.code = 504,
                  .reason = "Timeout",
                  .message = "Timeout: " + text,
                  .details = {{"causes", std::move(causes)}, {"retryAfterSeconds", 1}}});
}

net::HttpResponse json_response(int status, std::string body) {
  return {
      .status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

Json deleted(const Kind& kind, const std::string& name, const std::string& uid) {
  JsonObject details = details_of(kind, name);
  details["uid"] = uid;
  return JsonObject{{"kind", "Status"},
                    {"apiVersion", "v1"},
                    {"metadata", JsonObject{}},
                    {"status", "Success"},
                    {"details", std::move(details)}};
}

}  // namespace infra::sim
