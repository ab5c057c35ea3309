#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::telemetry {

enum class MetricType { kCounter, kGauge, kHistogram };

// Builds one page in the Prometheus text format. Values and help texts are escaped here and
// nowhere else.
class MetricsWriter {
 public:
  void family(std::string_view name, std::string_view help, MetricType type);
  void sample(std::string_view name, std::span<const std::string> label_names,
              std::span<const std::string> label_values, double value);
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Something that writes whole families when a page is asked for.
class Collector {
 public:
  virtual ~Collector() = default;
  virtual void write(MetricsWriter& writer) const = 0;
};

// The families of one page, in the order they were added. Collectors must outlive the last call of
// text(); nothing here is thread-safe, as everything runs on one thread.
class Registry {
 public:
  void add(const Collector& collector) { collectors_.push_back(&collector); }
  std::string text() const;

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::vector<const Collector*> collectors_;
};

class Counter {
 public:
  static constexpr MetricType kType = MetricType::kCounter;
  struct Options {};
  explicit Counter(const Options&) {}

  // A counter never falls: anything not above zero is ignored.
  void inc(double by = 1);
  double value() const { return value_; }
  void write(MetricsWriter& writer, const std::string& name, std::span<const std::string> names,
             std::span<const std::string> values) const;

 private:
  double value_ = 0;
};

class Gauge {
 public:
  static constexpr MetricType kType = MetricType::kGauge;
  struct Options {};
  explicit Gauge(const Options&) {}

  void set(double value) { value_ = value; }
  void inc(double by = 1) { value_ += by; }
  void dec(double by = 1) { value_ -= by; }
  double value() const { return value_; }
  void write(MetricsWriter& writer, const std::string& name, std::span<const std::string> names,
             std::span<const std::string> values) const;

 private:
  double value_ = 0;
};

class Histogram {
 public:
  static constexpr MetricType kType = MetricType::kHistogram;
  // Upper bounds, rising and finite; the bucket +Inf is always there.
  struct Options {
    std::vector<double> bounds;
  };
  explicit Histogram(const Options& options);

  void observe(double value);
  std::uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  void write(MetricsWriter& writer, const std::string& name, std::span<const std::string> names,
             std::span<const std::string> values) const;

 private:
  const Options* options_;  // of the family
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

// All series of one metric name, told apart by N labels. The number of labels is checked when the
// code is compiled, and a reference from with() stays good until remove() or clear().
//
//   Family<Counter, 2> total(registry, "reconcile_total", "Finished passes.", {"kind", "result"});
//   total.with({kind, "settled"}).inc();
template <class T, std::size_t N>
class Family final : public Collector {
 public:
  Family(Registry& registry, std::string name, std::string help,
         std::array<std::string, N> label_names, typename T::Options options = {})
      : name_(std::move(name)),
        help_(std::move(help)),
        label_names_(std::move(label_names)),
        options_(std::move(options)) {
    registry.add(*this);
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  template <std::size_t M>
    requires(M == N)
  T& with(const std::string_view (&values)[M]) {
    return at(key_of(values));
  }

  // Makes every combination of the given label values visible at zero, so that rate() sees the
  // first event too: preset({{"VPC", "Subnet"}, {"settled", "failed"}}).
  template <std::size_t M>
    requires(M == N)
  void preset(const std::vector<std::string> (&choices)[M]) {
    preset_from(choices, 0, {});
  }

  template <std::size_t M>
    requires(M == N)
  void remove(const std::string_view (&values)[M]) {
    series_.erase(key_of(values));
  }
  void clear() { series_.clear(); }

  void write(MetricsWriter& writer) const override {
    writer.family(name_, help_, T::kType);
    for (const auto& [values, one] : series_) one.write(writer, name_, label_names_, values);
  }

 private:
  using Key = std::array<std::string, N>;

  static Key key_of(const std::string_view (&values)[N]) {
    Key key;
    for (std::size_t i = 0; i < N; ++i) key[i] = values[i];
    return key;
  }

  T& at(Key key) { return series_.try_emplace(std::move(key), options_).first->second; }

  void preset_from(const std::vector<std::string> (&choices)[N], std::size_t depth, Key key) {
    if (depth == N) {
      at(std::move(key));
      return;
    }
    for (const std::string& choice : choices[depth]) {
      key[depth] = choice;
      preset_from(choices, depth + 1, key);
    }
  }

  std::string name_;
  std::string help_;
  std::array<std::string, N> label_names_;
  typename T::Options options_;
  std::map<Key, T> series_;
};

template <std::size_t N>
using CounterFamily = Family<Counter, N>;
template <std::size_t N>
using GaugeFamily = Family<Gauge, N>;
template <std::size_t N>
using HistogramFamily = Family<Histogram, N>;

}  // namespace infra::telemetry
