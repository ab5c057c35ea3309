#include "kube/times.h"

#include <charconv>

#include "kube/pattern.h"

namespace infra::sim {
namespace {

int number(std::string_view digits) {
  int value = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// Whether YYYY-MM-DD is a day.
bool is_day(std::string_view text) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int year = number(text.substr(0, 4));
  const int month = number(text.substr(5, 2));
  const int day = number(text.substr(8, 2));
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kDays[month - 1] + (leap && month == 2 ? 1 : 0);
}

bool is_clock(std::string_view text) {
  return number(text.substr(0, 2)) <= 23 && number(text.substr(3, 2)) <= 59 &&
         number(text.substr(6, 2)) <= 59;
}

}  // namespace

bool is_date_time(std::string_view text) {
  static const Pattern shape(
      R"(^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$)");
  return shape.found_in(text) && is_day(text.substr(0, 10)) && is_clock(text.substr(11, 8));
}

bool is_micro_time(std::string_view text) {
  static const Pattern shape(R"(^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})$)");
  return shape.found_in(text) && is_day(text.substr(0, 10)) && is_clock(text.substr(11, 8));
}

}  // namespace infra::sim
