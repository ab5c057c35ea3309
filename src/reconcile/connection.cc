// Connection: what others need to reach the resource goes into a Secret, if the object asks for it.
#include "planning/template.h"
#include "reconcile/pass.h"

namespace infra::reconcile {
namespace {

std::optional<Json> value_at(const Json& json, std::string_view path) {
  const Json* value = find_path(json, path);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

// What is known by now, `status` being what the object is about to say; the rest follows.
std::map<std::string, std::string> details_of(const Engine::Pass& pass, const Json& status) {
  const auto lookup = [&pass, &status](std::string_view name) {
    return name.starts_with("status.") ? value_at(status, name.substr(7)) : pass.lookup(name);
  };
  const Json filled = planning::fill(pass.definition.connection, lookup);
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : filled.as_object()) out[key] = plain_text(value);
  return out;
}

}  // namespace

Task<Outcome> Engine::publish(Pass& pass) {
  const std::string path = std::string(definition::kConnectionSecret) + ".name";
  std::string name = text_at(pass.desired.spec, path);
  if (name.empty()) co_return Outcome{Settled{}};
  auto details = details_of(pass, status_for(pass, Settled{}));
  auto kept = co_await pass.store.keep_secret(pass.object, std::move(name), std::move(details));
  if (kept) co_return Outcome{Settled{}};
  if (kept.error().code != Code::kAlreadyExists) co_return failed_outcome(kept.error());
  co_return Outcome{Blocked{.reason = "SecretTaken", .message = kept.error().message}};
}

}  // namespace infra::reconcile
