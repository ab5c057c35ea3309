#include "aws/values.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "base/base64.h"

namespace infra::aws {
namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> join(int year, int month, int day, int hour, int minute, double second) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month)),
                            std::chrono::day(unsigned(day))};
  if (!date.ok() || hour > 24 || minute > 59 || second >= 61) return std::nullopt;
  const auto days = sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400 + hour * 3600 + minute * 60 + second;
}

std::optional<double> parse_iso(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, used = 0;
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%*[Tt ]%2d:%2d:%lf%n", &year, &month, &day, &hour,
                  &minute, &second, &used) != 6) {
    return std::nullopt;
  }
  auto seconds = join(year, month, day, hour, minute, second);
  const std::string zone = text.substr(static_cast<std::size_t>(used));
  if (!seconds || zone.empty() || zone == "Z" || zone == "z") return seconds;
  int zone_hour = 0, zone_minute = 0;
  if (std::sscanf(zone.c_str() + 1, "%2d:%2d", &zone_hour, &zone_minute) != 2) return std::nullopt;
  const int offset = zone_hour * 3600 + zone_minute * 60;
  return zone[0] == '-' ? *seconds + offset : *seconds - offset;
}

std::optional<double> parse_rfc822(const std::string& text) {
  const auto comma = text.find(", ");
  if (comma == std::string::npos) return std::nullopt;
  int year = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  char month_name[4] = {};
  if (std::sscanf(text.c_str() + comma + 2, "%2d %3s %4d %2d:%2d:%lf", &day, month_name, &year,
                  &hour, &minute, &second) != 6) {
    return std::nullopt;
  }
  for (int month = 0; month < 12; ++month) {
    if (kMonths[month] == month_name) return join(year, month + 1, day, hour, minute, second);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_time(std::string_view text) {
  if (auto seconds = number(text)) return std::isfinite(*seconds) ? seconds : std::nullopt;
  const std::string copy(text);
  if (auto seconds = parse_iso(copy)) return seconds;
  return parse_rfc822(copy);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

std::string format_time(double seconds, std::string_view format) {
  using namespace std::chrono;
  if (format == "unixTimestamp") return number_text(seconds);
  // Outside the years 0001 to 9999 nothing below would make a readable text.
  seconds = std::clamp(seconds, -62135596800.0, 253402300799.0);
  const auto millis = static_cast<std::int64_t>(std::llround(seconds * 1000));
  const sys_time<milliseconds> time{milliseconds(millis)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const int year = static_cast<int>(date.year());
  const unsigned month = static_cast<unsigned>(date.month());
  const unsigned month_day = static_cast<unsigned>(date.day());
  const auto hour = clock.hours().count();
  const auto minute = clock.minutes().count();
  const auto second = clock.seconds().count();
  if (format == "rfc822") {
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                       month_day, kMonths[month - 1], year, hour, minute, second);
  }
  const auto fraction = clock.subseconds().count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", year, month, month_day, hour, minute,
                     second, fraction == 0 ? "" : fmt::format(".{:03}", fraction));
}

double seconds_of(const Json& time) {
  if (time.is_string()) return parse_time(time.as_string()).value_or(0);
  return time.is_number() ? time.to_number<double>() : 0;
}

std::string scalar_text(const Member& member, const Json& value, std::string_view time_format) {
  if (member.shape->type == ShapeType::kTime) {
    const std::string& own = member.timestamp_format;
    return format_time(seconds_of(value), own.empty() ? time_format : std::string_view(own));
  }
  if (value.is_string()) return std::string(value.as_string().data(), value.as_string().size());
  if (value.is_double()) return number_text(value.as_double());
  return boost::json::serialize(value);
}

std::optional<Json> scalar_value(const Shape& shape, std::string_view text) {
  switch (shape.type) {
    case ShapeType::kInteger: {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
      return Json(value);
    }
    case ShapeType::kFloat: {
      if (text == "NaN" || text == "Infinity" || text == "-Infinity") return Json(text);
      const auto value = number(text);
      if (!value || !std::isfinite(*value)) return std::nullopt;
      return Json(*value);
    }
    case ShapeType::kBoolean:
      if (text != "true" && text != "false") return std::nullopt;
      return Json(text == "true");
    case ShapeType::kTime: {
      const auto seconds = parse_time(text);
      if (!seconds) return std::nullopt;
      return Json(format_time(*seconds, "iso8601"));
    }
    case ShapeType::kBlob:
      if (!base64_decode(text)) return std::nullopt;
      return Json(text);
    default: return Json(text);
  }
}

}  // namespace infra::aws
