#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "telemetry/sampler.h"

namespace infra::telemetry {

enum class Format { kJson, kConsole };

// A string, a whole number, a fraction or a truth value. The constructors are constrained so that
// a string literal never decays into a bool.
class FieldValue {
 public:
  using Variant = std::variant<std::string, std::int64_t, double, bool>;

  FieldValue(const char* text) : value_(std::string(text)) {}
  FieldValue(std::string_view text) : value_(std::string(text)) {}
  FieldValue(std::string text) : value_(std::move(text)) {}
  template <std::same_as<bool> B>
  FieldValue(B flag) : value_(flag) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  FieldValue(I number) : value_(static_cast<std::int64_t>(number)) {}
  template <std::floating_point F>
  FieldValue(F number) : value_(static_cast<double>(number)) {}

  const Variant& get() const { return value_; }

 private:
  Variant value_;
};

struct Field {
  std::string key;
  FieldValue value;
};
using Fields = std::vector<Field>;

// Why something failed, under the names that every line uses for it.
Fields fields_of(const Error& error);

// Writes one line per call: a constant message and what varies as fields.
//
//   Logger log(std::cerr, Level::kInfo, Format::kJson, clock);
//   log.with({{"kind", "VPC"}}).info("created", {{"id", id}});
//   {"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"created","kind":"VPC","id":"vpc-1"}
//
// Whatever a value holds, a line stays one line and valid UTF-8. A field given later replaces one
// of the same name. The sink and the clock must outlive the logger and its children, which share
// one sampling; where that has left lines out, the next one like them says how many ("left_out").
class Logger {
 public:
  Logger(std::ostream& sink, Level level, Format format, const Clock& clock,
         std::optional<Sampling> sampling = {});

  void debug(std::string_view message, const Fields& fields = {}) const;
  void info(std::string_view message, const Fields& fields = {}) const;
  void error(std::string_view message, const Fields& fields = {}) const;

  // A logger that adds `fields` to every line.
  [[nodiscard]] Logger with(const Fields& fields) const;
  // Ask before building costly fields.
  bool enabled(Level level) const { return level >= level_; }

 private:
  void write(Level level, std::string_view message, const Fields& fields) const;

  std::ostream* sink_;
  Level level_;
  Format format_;
  const Clock* clock_;
  std::shared_ptr<Sampler> sampler_;  // none: every line is written
  Fields fields_;
};

}  // namespace infra::telemetry
