#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace infra::telemetry {

enum class SpanKind { kInternal = 1, kClient = 3 };  // OTLP's numbers

// Something that took time, and what it was a part of. Ids are lower-case hexadecimal digits.
struct Span {
  std::string trace_id;   // 32 digits
  std::string id;         // 16 digits
  std::string parent_id;  // empty: the root of its trace
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  WallTime start;
  WallTime end;
  Fields attributes;                 // never a secret
  std::optional<std::string> error;  // why it failed, or an empty text; absent: it did not
};

// The header `traceparent` of what is asked for within this span (W3C Trace Context).
std::string traceparent(const Span& span);

// Makes spans, and keeps those that have ended until they are sent. When it is full, the oldest go:
// they are counted in `spans` as dropped.
class Tracer {
 public:
  struct Settings {
    double ratio = 1;  // of traces that are kept, 0 to 1
    std::size_t most = 4096;
  };

  // `random` gives numbers in [0, 1). `spans` has the label result: exported or dropped.
  Tracer(const Clock& clock, std::function<double()> random, Settings settings,
         CounterFamily<1>& spans);

  // Begins a trace; nothing if it is not among those that are kept.
  std::optional<Span> begin_trace(std::string name);
  // Begins a part of `parent`: a call to somebody else.
  Span begin_call(const Span& parent, std::string name);
  void end(Span span);

  // The oldest, no more than `most`. Each batch comes back, or is counted.
  std::vector<Span> take(std::size_t most);
  void put_back(std::vector<Span> batch);
  void count_exported(std::size_t spans);
  void count_dropped(std::size_t spans);
  std::size_t waiting() const { return ended_.size(); }

 private:
  std::string digits(std::size_t count);
  void drop_surplus();

  const Clock& clock_;
  std::function<double()> random_;
  Settings settings_;
  CounterFamily<1>& spans_;
  std::deque<Span> ended_;
};

}  // namespace infra::telemetry
