#include "telemetry/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace infra::telemetry {
namespace {

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "untyped";
}

// Help texts escape backslash and line feed; label values escape the quote as well.
void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && in_quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // Counts and times are shown in full where a double still holds every whole number.
  if (value == std::trunc(value) && std::abs(value) < 9007199254740992.0) {
    return fmt::format("{}", static_cast<std::int64_t>(value));
  }
  return fmt::format("{}", value);
}

}  // namespace

void MetricsWriter::family(std::string_view name, std::string_view help, MetricType type) {
  text_ += fmt::format("# HELP {} ", name);
  append_escaped(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, name_of(type));
}

void MetricsWriter::sample(std::string_view name, std::span<const std::string> label_names,
                           std::span<const std::string> label_values, double value) {
  text_ += name;
  for (std::size_t i = 0; i < label_names.size(); ++i) {
    text_ += i == 0 ? '{' : ',';
    text_ += label_names[i];
    text_ += "=\"";
    append_escaped(text_, label_values[i], true);
    text_ += '"';
  }
  if (!label_names.empty()) text_ += '}';
  text_ += fmt::format(" {}\n", number_text(value));
}

std::string Registry::text() const {
  MetricsWriter writer;
  for (const Collector* collector : collectors_) collector->write(writer);
  return writer.take();
}

void Counter::inc(double by) {
  if (by > 0) value_ += by;
}

void Counter::write(MetricsWriter& writer, const std::string& name,
                    std::span<const std::string> names, std::span<const std::string> values) const {
  writer.sample(name, names, values, value_);
}

void Gauge::write(MetricsWriter& writer, const std::string& name,
                  std::span<const std::string> names, std::span<const std::string> values) const {
  writer.sample(name, names, values, value_);
}

Histogram::Histogram(const Options& options)
    : options_(&options), counts_(options.bounds.size(), 0) {}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;
  const auto bound = std::ranges::lower_bound(options_->bounds, value);
  if (bound != options_->bounds.end()) ++counts_[bound - options_->bounds.begin()];
  ++count_;
  sum_ += value;
}

void Histogram::write(MetricsWriter& writer, const std::string& name,
                      std::span<const std::string> names,
                      std::span<const std::string> values) const {
  std::vector<std::string> bucket_names(names.begin(), names.end());
  std::vector<std::string> bucket_values(values.begin(), values.end());
  bucket_names.emplace_back("le");
  bucket_values.emplace_back();
  const std::string bucket = name + "_bucket";
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    so_far += counts_[i];
    bucket_values.back() = number_text(options_->bounds[i]);
    writer.sample(bucket, bucket_names, bucket_values, static_cast<double>(so_far));
  }
  bucket_values.back() = "+Inf";
  writer.sample(bucket, bucket_names, bucket_values, static_cast<double>(count_));
  writer.sample(name + "_sum", names, values, sum_);
  writer.sample(name + "_count", names, values, static_cast<double>(count_));
}

}  // namespace infra::telemetry
