#include "base/clock.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <ctime>

namespace infra {

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
  std::tm utc{};
  int consumed = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &utc.tm_year, &utc.tm_mon,
                  &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &consumed) < 6) {
    return {};
  }
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  std::time_t seconds = timegm(&utc);
  std::string rest = text.substr(static_cast<std::size_t>(consumed));
  if (!rest.empty() && rest[0] == '.') rest.erase(0, rest.find_first_not_of("0123456789", 1));
  int hours = 0;
  int minutes = 0;
  if (std::sscanf(rest.c_str(), "%*[+-]%2d:%2d", &hours, &minutes) == 2) {
    const int offset = hours * 3600 + minutes * 60;
    seconds += rest[0] == '+' ? -offset : offset;
  }
  return std::chrono::system_clock::from_time_t(seconds);
}

}  // namespace infra
