#include "telemetry/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace infra::telemetry {
namespace {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kError: return "error";
  }
  return "error";
}

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed UTF-8 sequence at `at`, or 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) -> unsigned char {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_continuation(byte(1)) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    const bool whole = is_continuation(byte(1)) && is_continuation(byte(2));
    return whole && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_large = first == 0xF4 && byte(1) > 0x8F;
    const bool whole =
        is_continuation(byte(1)) && is_continuation(byte(2)) && is_continuation(byte(3));
    return whole && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

void append_escaped_ascii(std::string& out, char c, bool escape_quotes) {
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '"': out += escape_quotes ? "\\\"" : "\""; return;
    case '\\': out += escape_quotes ? "\\\\" : "\\"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || byte == 0x7F) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
  } else {
    out += c;
  }
}

// U+0080 to U+009F are control characters that terminals obey; U+2028 and U+2029 are line ends to
// many readers.
bool needs_escape(std::string_view sequence) {
  if (sequence.size() == 2) return sequence[0] == '\xC2' && sequence[1] <= '\x9F';
  return sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9";
}

void append_wide_escape(std::string& out, std::string_view sequence) {
  if (sequence.size() == 2) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(sequence[1]));
  } else {
    out += sequence[2] == '\xA8' ? "\\u2028" : "\\u2029";
  }
}

void append_escaped(std::string& out, std::string_view text, bool escape_quotes) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 1) append_escaped_ascii(out, text[at], escape_quotes);
    if (length == 0) out += "\xEF\xBF\xBD";
    if (length > 1) {
      const std::string_view sequence = text.substr(at, length);
      if (needs_escape(sequence)) {
        append_wide_escape(out, sequence);
      } else {
        out += sequence;
      }
    }
    at += std::max<std::size_t>(length, 1);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, true);
  out += '"';
}

// JSON has no NaN and no infinity, so those are written as text.
std::string number_text(double number) {
  return std::isfinite(number) ? fmt::format("{}", number) : fmt::format("\"{}\"", number);
}

struct JsonValue {
  std::string& out;
  void operator()(const std::string& text) const { append_quoted(out, text); }
  void operator()(std::int64_t number) const { out += fmt::format("{}", number); }
  void operator()(double number) const { out += number_text(number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
};

bool is_plain_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7F' && c != '"' && c != '=' && c != '\\';
  });
}

struct ConsoleValue {
  std::string& out;
  void operator()(const std::string& text) const {
    if (is_plain_word(text)) {
      out += text;
    } else {
      append_quoted(out, text);
    }
  }
  void operator()(std::int64_t number) const { out += fmt::format("{}", number); }
  void operator()(double number) const { out += fmt::format("{}", number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
};

std::string timestamp(WallTime time) {
  const auto since_epoch =
      std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto millis = ((since_epoch % 1000) + 1000) % 1000;
  std::string text = format_rfc3339(WallTime(std::chrono::milliseconds(since_epoch - millis)));
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  return fmt::format("{}.{:03}Z", text, millis);
}

// A field must not hide the keys that every line has.
std::string safe_key(const std::string& key) {
  return key == "ts" || key == "level" || key == "msg" ? "field_" + key : key;
}

void merge_into(Fields& fields, const Fields& added) {
  for (const Field& field : added) {
    std::string key = safe_key(field.key);
    const auto same_key = std::ranges::find(fields, key, &Field::key);
    if (same_key == fields.end()) {
      fields.push_back({std::move(key), field.value});
    } else {
      same_key->value = field.value;
    }
  }
}

std::string json_line(WallTime time, Level level, std::string_view message, const Fields& fields) {
  std::string line =
      fmt::format(R"({{"ts":"{}","level":"{}","msg":)", timestamp(time), name_of(level));
  append_quoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    std::visit(JsonValue{line}, field.value.get());
  }
  line += "}\n";
  return line;
}

std::string console_line(WallTime time, Level level, std::string_view message,
                         const Fields& fields) {
  std::string line = fmt::format("{} {:<5} ", timestamp(time), name_of(level));
  append_escaped(line, message, false);
  for (const Field& field : fields) {
    line += ' ';
    ConsoleValue{line}(field.key);
    line += '=';
    std::visit(ConsoleValue{line}, field.value.get());
  }
  line += '\n';
  return line;
}

}  // namespace

Fields fields_of(const Error& error) {
  return {{"reason", to_string(error.code)}, {"message", error.message}};
}

Logger::Logger(std::ostream& sink, Level level, Format format, const Clock& clock,
               std::optional<Sampling> sampling)
    : sink_(&sink), level_(level), format_(format), clock_(&clock) {
  if (sampling) sampler_ = std::make_shared<Sampler>(*sampling);
}

void Logger::debug(std::string_view message, const Fields& fields) const {
  write(Level::kDebug, message, fields);
}

void Logger::info(std::string_view message, const Fields& fields) const {
  write(Level::kInfo, message, fields);
}

void Logger::error(std::string_view message, const Fields& fields) const {
  write(Level::kError, message, fields);
}

Logger Logger::with(const Fields& fields) const {
  Logger child = *this;
  merge_into(child.fields_, fields);
  return child;
}

void Logger::write(Level level, std::string_view message, const Fields& fields) const {
  if (!enabled(level)) return;
  const auto left_out = sampler_ ? sampler_->admit(level, message, clock_->steady())
                                 : std::optional(std::uint64_t{0});
  if (!left_out) return;
  Fields all = fields_;
  merge_into(all, fields);
  if (*left_out > 0) merge_into(all, {{"left_out", *left_out}});
  const WallTime now = clock_->wall();
  // One write per line, so that lines of several processes on one pipe do not mix.
  const std::string line = format_ == Format::kJson ? json_line(now, level, message, all)
                                                    : console_line(now, level, message, all);
  sink_->write(line.data(), static_cast<std::streamsize>(line.size()));
  sink_->flush();
}

}  // namespace infra::telemetry
