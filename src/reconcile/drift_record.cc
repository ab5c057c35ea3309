#include "reconcile/drift_record.h"

#include <fmt/format.h>

#include "base/text.h"

namespace infra::reconcile {
namespace {

constexpr std::size_t kMostDetails = 20;
constexpr std::size_t kLongestSentence = 900;  // of 1,024 that an event may have
constexpr const char* kDetected = "drift.detected";
constexpr const char* kLastCheck = "drift.lastCheck";
constexpr const char* kDetails = "drift.details";

JsonArray details_of(const std::vector<planning::Difference>& found) {
  JsonArray out;
  for (const auto& one : found) {
    if (out.size() == kMostDetails) break;
    out.push_back(JsonObject{{"field", one.path},
                             {"expected", one.expected},
                             {"actual", one.actual},
                             {"severity", one.severity}});
  }
  return out;
}

bool is_detected(const Json& status) {
  const Json* detected = find_path(status, kDetected);
  return detected != nullptr && *detected == Json(true);
}

std::string or_nothing(const std::string& text) { return text.empty() ? "not there" : text; }

}  // namespace

DriftNews record_drift(const std::vector<planning::Difference>& found, bool settled, WallTime now,
                       Json& status) {
  const Json before = status;
  if (found.empty() && !(settled && is_detected(before))) return {};
  if (!found.empty()) set_path(status, kDetails, details_of(found));
  set_path(status, kDetected, Json(!settled));
  if (!settled && same(before, status)) return {};
  set_path(status, kLastCheck, Json(format_rfc3339(now)));
  return {.found = !found.empty(), .healed = settled};
}

std::string sentence_of(const std::string& path, const std::string& actual,
                        const std::string& expected) {
  return fmt::format("{} is {}, declared {}", path, or_nothing(actual), or_nothing(expected));
}

std::string sentence_of(const std::vector<planning::Difference>& found) {
  std::string out;
  for (const auto& one : found) {
    if (!out.empty()) out += "; ";
    out += sentence_of(one.path, one.actual, one.expected);
  }
  return shortened(std::move(out), kLongestSentence);
}

}  // namespace infra::reconcile
