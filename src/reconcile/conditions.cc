#include "reconcile/conditions.h"

#include "base/text.h"

namespace infra::reconcile {
namespace {

constexpr std::size_t kLongestMessage = 32'000;  // metav1.Condition allows 32,768

// AWS gives each answer an id of its own: that alone is no news.
std::string without_request_id(std::string text) {
  const auto from = text.find(" (request id ");
  if (from == std::string::npos) return text;
  const auto to = text.find(')', from);
  return text.erase(from, to == std::string::npos ? to : to - from + 1);
}

const Json* find_condition(const Json& status, const std::string& type) {
  const Json* list = find_path(status, "conditions");
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const Json& condition : list->get_array()) {
    if (text_at(condition, "type") == type) return &condition;
  }
  return nullptr;
}

Json condition_json(const Json* old, const Condition& now, std::int64_t generation,
                    const std::string& time) {
  std::string message = shortened(now.message, kLongestMessage);
  std::string transition = time;
  if (old != nullptr) {
    const std::string told = text_at(*old, "message");
    if (without_request_id(told) == without_request_id(message)) message = told;
    if (text_at(*old, "status") == now.status) transition = text_at(*old, "lastTransitionTime");
  }
  return JsonObject{{"type", now.type},
                    {"status", now.status},
                    {"reason", now.reason},
                    {"message", message},
                    {"observedGeneration", generation},
                    {"lastTransitionTime", transition}};
}

}  // namespace

std::optional<Condition> condition_of(const Json& status, const std::string& type) {
  const Json* found = find_condition(status, type);
  if (found == nullptr) return std::nullopt;
  return Condition{.type = type,
                   .status = text_at(*found, "status"),
                   .reason = text_at(*found, "reason"),
                   .message = text_at(*found, "message")};
}

JsonArray conditions_json(const Json& before, const std::vector<Condition>& now,
                          std::int64_t generation, WallTime time) {
  const std::string text = format_rfc3339(time);
  JsonArray out;
  for (const Condition& condition : now) {
    out.push_back(
        condition_json(find_condition(before, condition.type), condition, generation, text));
  }
  return out;
}

}  // namespace infra::reconcile
