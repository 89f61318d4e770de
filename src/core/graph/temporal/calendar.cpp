#include "core/graph/temporal/calendar.h"

#include <algorithm>

namespace rv::graph::calendar {

// Days and dates by eras of 400 years that start in March (H. Hinnant, chrono-compatible low-level
// date algorithms, 2013).
std::int64_t days_of(std::int64_t year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_march_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_march_year;
  return era * 146097 + day_of_era - 719468;
}

Date date_of(std::int64_t days) noexcept {
  days += 719468;
  const std::int64_t era = floor_div(days, 146097);
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1)};
}

bool is_leap(std::int64_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int month_length(std::int64_t year, int month) noexcept {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int day_of_week(std::int64_t days) noexcept {
  return static_cast<int>(floor_mod(days + 3, 7)) + 1;  // 1970-01-01 was a Thursday
}

int day_of_year(std::int64_t days) noexcept {
  return static_cast<int>(days - days_of(date_of(days).year, 1, 1)) + 1;
}

std::int64_t days_of_week_date(std::int64_t week_year, int week, int day) noexcept {
  // The fourth of January is always in week 1.
  const std::int64_t fourth = days_of(week_year, 1, 4);
  return fourth - (day_of_week(fourth) - 1) + std::int64_t{7} * (week - 1) + day - 1;
}

WeekDate week_date_of(std::int64_t days) noexcept {
  const int day = day_of_week(days);
  const std::int64_t thursday = days - day + 4;
  const std::int64_t year = date_of(thursday).year;
  return {year, (day_of_year(thursday) - 1) / 7 + 1, day};
}

int weeks_in(std::int64_t week_year) noexcept {
  return week_date_of(days_of(week_year, 12, 28)).week;
}

std::int64_t add_months(std::int64_t days, std::int64_t months) noexcept {
  const Date d = date_of(days);
  const std::int64_t total = d.year * 12 + d.month - 1 + months;
  const std::int64_t year = floor_div(total, 12);
  const int month = static_cast<int>(floor_mod(total, 12)) + 1;
  return days_of(year, month, std::min(d.day, month_length(year, month)));
}

}  // namespace rv::graph::calendar
