#include "telemetry/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace infra::telemetry {
namespace {

constexpr std::string_view kExported = "exported";
constexpr std::string_view kDropped = "dropped";

// In [0, 1), from the 56 bits of the id that are random by agreement.
double position_of(const std::string& trace_id) {
  return double(std::stoull(trace_id.substr(trace_id.size() - 14), nullptr, 16)) /
         double(1ull << 56);
}

}  // namespace

std::string traceparent(const Span& span) {
  return fmt::format("00-{}-{}-01", span.trace_id, span.id);
}

Tracer::Tracer(const Clock& clock, std::function<double()> random, Settings settings,
               CounterFamily<1>& spans)
    : clock_(clock), random_(std::move(random)), settings_(settings), spans_(spans) {
  spans_.preset({{std::string(kExported), std::string(kDropped)}});
}

std::string Tracer::digits(std::size_t count) {
  std::string out;
  while (out.size() < count) out += fmt::format("{:08x}", std::uint32_t(random_() * 4294967296.0));
  return out;
}

std::optional<Span> Tracer::begin_trace(std::string name) {
  std::string trace_id = digits(32);
  if (position_of(trace_id) < 1 - settings_.ratio) return std::nullopt;
  return Span{.trace_id = std::move(trace_id),
              .id = digits(16),
              .name = std::move(name),
              .start = clock_.wall()};
}

Span Tracer::begin_call(const Span& parent, std::string name) {
  return Span{.trace_id = parent.trace_id,
              .id = digits(16),
              .parent_id = parent.id,
              .name = std::move(name),
              .kind = SpanKind::kClient,
              .start = clock_.wall()};
}

void Tracer::end(Span span) {
  span.end = clock_.wall();
  ended_.push_back(std::move(span));
  drop_surplus();
}

std::vector<Span> Tracer::take(std::size_t most) {
  const auto count = std::ptrdiff_t(std::min(most, ended_.size()));
  std::vector<Span> batch(std::move_iterator(ended_.begin()),
                          std::move_iterator(ended_.begin() + count));
  ended_.erase(ended_.begin(), ended_.begin() + count);
  return batch;
}

void Tracer::put_back(std::vector<Span> batch) {
  ended_.insert(ended_.begin(), std::move_iterator(batch.begin()), std::move_iterator(batch.end()));
  drop_surplus();
}

void Tracer::drop_surplus() {
  if (ended_.size() <= settings_.most) return;
  const std::size_t surplus = ended_.size() - settings_.most;
  ended_.erase(ended_.begin(), ended_.begin() + std::ptrdiff_t(surplus));
  count_dropped(surplus);
}

void Tracer::count_exported(std::size_t spans) { spans_.with({kExported}).inc(double(spans)); }

void Tracer::count_dropped(std::size_t spans) { spans_.with({kDropped}).inc(double(spans)); }

}  // namespace infra::telemetry
