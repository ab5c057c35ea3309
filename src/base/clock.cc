#include "base/clock.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <ctime>
#include <string_view>

namespace infra {
namespace {

// Takes a text apart from its front; `good` turns false for ever when something else was expected.
struct Scanner {
  std::string_view rest;
  bool good = true;

  int number(std::size_t digits) {
    int value = 0;
    const char* end = rest.data() + std::min(digits, rest.size());
    const bool digit = !rest.empty() && rest[0] >= '0' && rest[0] <= '9';  // and no sign
    const auto read = std::from_chars(rest.data(), end, value);
    good = good && digit && rest.size() >= digits && read.ptr == end;
    rest.remove_prefix(std::min(digits, rest.size()));
    return value;
  }

  char one_of(std::string_view allowed) {
    const char next = rest.empty() ? '\0' : rest[0];
    good = good && next != '\0' && allowed.find(next) != std::string_view::npos;
    rest.remove_prefix(std::min<std::size_t>(1, rest.size()));
    return next;
  }

  std::chrono::seconds time_of_day() {
    const int hours = number(2);
    one_of(":");
    const int minutes = number(2);
    one_of(":");
    const int seconds = number(2);
    good = good && hours < 24 && minutes < 60 && seconds <= 60;  // 60: a leap second
    return std::chrono::hours(hours) + std::chrono::minutes(minutes) +
           std::chrono::seconds(seconds);
  }

  void skip_fraction() {
    if (!rest.starts_with('.')) return;
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    good = good && end > 1;
    rest.remove_prefix(end);
  }

  // Some programs leave out the colon, or all of it.
  std::chrono::minutes offset() {
    if (rest.empty()) return {};
    const char sign = one_of("Zz+-");
    if (sign == 'Z' || sign == 'z') return {};
    const int hours = number(2);
    if (rest.starts_with(':')) rest.remove_prefix(1);
    const int minutes = number(2);
    good = good && hours < 24 && minutes < 60;
    const auto east = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return sign == '-' ? -east : east;
  }
};

}  // namespace

WallTime SystemClock::wall() const { return std::chrono::system_clock::now(); }

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

Task<void> SystemClock::sleep(Duration duration) {
  auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

std::string format_rfc3339(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

WallTime parse_rfc3339(const std::string& text) {
  namespace chrono = std::chrono;
  Scanner in{text};
  const int year = in.number(4);
  in.one_of("-");
  const int month = in.number(2);
  in.one_of("-");
  const int day = in.number(2);
  in.one_of("Tt ");
  const auto seconds = in.time_of_day();
  in.skip_fraction();
  const auto offset = in.offset();
  const chrono::year_month_day date{chrono::year(year), chrono::month(unsigned(month)),
                                    chrono::day(unsigned(day))};
  if (!in.good || !in.rest.empty() || !date.ok()) return {};
  const auto since = chrono::sys_days(date).time_since_epoch() + seconds - offset;
  if (since < chrono::seconds{0}) return {};
  const auto latest = chrono::floor<chrono::seconds>(WallTime::max().time_since_epoch());
  return since > latest ? WallTime::max() : WallTime(since);
}

}  // namespace infra
