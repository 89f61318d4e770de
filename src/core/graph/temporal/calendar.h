// The proleptic Gregorian calendar: days since 1970-01-01 and their parts.
#pragma once

#include <cstdint>

namespace rv::graph::calendar {

inline constexpr std::int64_t kSecondsPerDay = 86400;
inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNanosPerDay = kSecondsPerDay * kNanosPerSecond;
inline constexpr std::int64_t kLargestYear = 999'999'999;

struct Date {
  std::int64_t year;
  int month;  // 1 to 12
  int day;    // 1 to 31
};
struct WeekDate {
  std::int64_t year;  // of the week: differs from the calendar's near New Year
  int week;           // 1 to 53
  int day;            // 1 Monday to 7 Sunday
};

std::int64_t days_of(std::int64_t year, int month, int day) noexcept;  // the parts must be valid
Date date_of(std::int64_t days) noexcept;
bool is_leap(std::int64_t year) noexcept;
int month_length(std::int64_t year, int month) noexcept;
int day_of_week(std::int64_t days) noexcept;  // 1 Monday to 7 Sunday
int day_of_year(std::int64_t days) noexcept;  // from 1
WeekDate week_date_of(std::int64_t days) noexcept;
std::int64_t days_of_week_date(std::int64_t week_year, int week, int day) noexcept;
int weeks_in(std::int64_t week_year) noexcept;
// The same day of a later or earlier month, or that month's last.
std::int64_t add_months(std::int64_t days, std::int64_t months) noexcept;

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  const std::int64_t q = a / b;
  return a % b != 0 && (a % b < 0) != (b < 0) ? q - 1 : q;
}
inline std::int64_t floor_mod(std::int64_t a, std::int64_t b) noexcept {
  return a - floor_div(a, b) * b;
}

}  // namespace rv::graph::calendar
