#include "telemetry/otlp.h"

#include <chrono>
#include <utility>
#include <variant>

#include "base/json.h"
#include "base/text.h"

namespace infra::telemetry {
namespace {

constexpr std::size_t kLongestText = 1024;
constexpr int kStatusError = 2;

// A receiver refuses the whole request for one text that is no UTF-8.
std::string text_of(const std::string& text) {
  return is_utf8(text) ? shortened(text, kLongestText) : "(no UTF-8)";
}

struct AttributeValue {
  JsonObject operator()(const std::string& text) const { return {{"stringValue", text_of(text)}}; }
  JsonObject operator()(std::int64_t number) const {
    return {{"intValue", std::to_string(number)}};
  }
  JsonObject operator()(double number) const { return {{"doubleValue", number}}; }
  JsonObject operator()(bool flag) const { return {{"boolValue", flag}}; }
};

JsonArray attributes_of(const Fields& fields) {
  JsonArray out;
  for (const Field& field : fields) {
    out.push_back(
        JsonObject{{"key", field.key}, {"value", std::visit(AttributeValue{}, field.value.get())}});
  }
  return out;
}

std::string nanoseconds(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
}

JsonObject json_of(const Span& span) {
  JsonObject out{{"traceId", span.trace_id},
                 {"spanId", span.id},
                 {"name", span.name},
                 {"kind", int(span.kind)},
                 {"startTimeUnixNano", nanoseconds(span.start)},
                 {"endTimeUnixNano", nanoseconds(span.end)},
                 {"attributes", attributes_of(span.attributes)}};
  if (!span.parent_id.empty()) out["parentSpanId"] = span.parent_id;
  if (!span.error) return out;
  JsonObject status{{"code", kStatusError}};
  if (!span.error->empty()) status["message"] = text_of(*span.error);
  out["status"] = std::move(status);
  return out;
}

}  // namespace

std::string otlp_json(const Fields& resource, std::span<const Span> spans) {
  JsonArray all;
  for (const Span& span : spans) all.push_back(json_of(span));
  JsonObject scope{{"scope", JsonObject{{"name", "infra-operator"}}}, {"spans", std::move(all)}};
  JsonObject one{{"resource", JsonObject{{"attributes", attributes_of(resource)}}},
                 {"scopeSpans", JsonArray{std::move(scope)}}};
  return boost::json::serialize(JsonObject{{"resourceSpans", JsonArray{std::move(one)}}});
}

}  // namespace infra::telemetry
