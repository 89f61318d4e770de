// Durations, and moments moved by them.
#include <cmath>
#include <cstdlib>

#include "core/graph/query_error.h"
#include "core/graph/temporal.h"
#include "core/graph/temporal/calendar.h"

namespace rv::graph {

using namespace calendar;

namespace {

[[noreturn]] void overflow() {
  raise(ErrorCode::out_of_range, "duration is out of range", "ArithmeticError: IntegerOverflow");
}

std::int64_t whole(long double x) {
  if (!(x > -9.2e18L && x < 9.2e18L)) overflow();
  return static_cast<std::int64_t>(x);
}

// Towards zero, except that what is a whole number but for rounding errors stays one.
long double whole_nanos(long double x) { return std::trunc(x + (x < 0 ? -1e-3L : 1e-3L)); }

}  // namespace

Value exact_duration(std::int64_t months, std::int64_t days, std::int64_t seconds,
                     std::int64_t nanoseconds, Arena& arena) {
  const std::int64_t carry = floor_div(nanoseconds, kNanosPerSecond);
  if (__builtin_add_overflow(seconds, carry, &seconds)) overflow();
  return Value::duration(arena.make<Duration>(
      months, days, seconds, static_cast<std::int32_t>(floor_mod(nanoseconds, kNanosPerSecond))));
}

Value make_duration(long double months, long double days, long double seconds, Arena& arena) {
  constexpr long double kDaysPerMonth = 2629746.0L / 86400.0L;
  const std::int64_t m = whole(std::trunc(months));
  days += (months - std::trunc(months)) * kDaysPerMonth;
  const std::int64_t d = whole(std::trunc(days));
  // What is left of a day, cut to nanoseconds before it meets the whole seconds.
  const long double rest = whole_nanos((days - std::trunc(days)) * 86400e9L);
  const std::int64_t s = whole(std::trunc(seconds));
  const long double nanos = whole_nanos((seconds - std::trunc(seconds)) * 1e9L) + rest;
  return exact_duration(m, d, s, whole(nanos), arena);
}

Value shift(const Value& moment, const Duration& d, int sign, Arena& arena) {
  Moment m = decompose(moment);
  const std::int64_t months = sign * d.months;
  const std::int64_t days = sign * d.days;
  const __int128 nanos =
      (static_cast<__int128>(d.seconds) * kNanosPerSecond + d.nanoseconds) * sign;
  if (std::llabs(months) > 24 * kLargestYear || std::llabs(days) > 732 * kLargestYear) overflow();
  if (m.days) m.days = add_months(*m.days, months) + days;
  if (moment.is(Kind::date)) {
    m.days = *m.days + static_cast<std::int64_t>(nanos / kNanosPerDay);
    return compose(Kind::date, m, {}, arena);
  }
  if (!m.days) {
    const __int128 t = (nanos + *m.nanoseconds) % kNanosPerDay;
    m.nanoseconds = static_cast<std::int64_t>(t < 0 ? t + kNanosPerDay : t);
    return compose(moment.kind(), m, {}, arena);
  }
  // Seconds count on the universal clock, behind the days on the local one.
  const std::int64_t local = *m.days * kSecondsPerDay + *m.nanoseconds / kNanosPerSecond;
  const std::int32_t offset = m.zone ? offset_of_local(*m.zone, local) : 0;
  const __int128 total = static_cast<__int128>(local - offset) * kNanosPerSecond +
                         *m.nanoseconds % kNanosPerSecond + nanos;
  __int128 seconds = total / kNanosPerSecond;
  auto fraction = static_cast<std::int64_t>(total % kNanosPerSecond);
  if (fraction < 0) {
    fraction += kNanosPerSecond;
    --seconds;
  }
  if (seconds > 4 * 31556952 * static_cast<__int128>(kLargestYear) ||
      seconds < -4 * 31556952 * static_cast<__int128>(kLargestYear))
    overflow();
  const auto utc = static_cast<std::int64_t>(seconds);
  const std::int64_t there = utc + (m.zone ? offset_of(*m.zone, utc) : 0);
  m.days = floor_div(there, kSecondsPerDay);
  m.nanoseconds = floor_mod(there, kSecondsPerDay) * kNanosPerSecond + fraction;
  if (!m.zone) return compose(Kind::local_datetime, m, {}, arena);
  compose(Kind::date, m, {}, arena);  // checks the range
  return Value::datetime(arena.make<ZonedDateTime>(
      utc, static_cast<std::int32_t>(fraction), offset_of(*m.zone, utc), arena.copy(m.zone->name)));
}

namespace {

// Nanoseconds on the universal clock.
__int128 instant(const Moment& m) {
  const std::int64_t local = *m.days * kSecondsPerDay + *m.nanoseconds / kNanosPerSecond;
  const std::int64_t utc = local - (m.zone ? offset_of_local(*m.zone, local) : 0);
  return static_cast<__int128>(utc) * kNanosPerSecond + *m.nanoseconds % kNanosPerSecond;
}

// Brings b onto a's clock.
void same_clock(const Moment& a, Moment& b) {
  if (!a.zone || !b.zone) return;
  const __int128 t = instant(b);
  __int128 seconds = t / kNanosPerSecond;
  if (t % kNanosPerSecond < 0) --seconds;
  const auto utc = static_cast<std::int64_t>(seconds);
  const std::int64_t fraction = *b.nanoseconds % kNanosPerSecond;
  const std::int64_t local = utc + offset_of(*a.zone, utc);
  b.days = floor_div(local, kSecondsPerDay);
  b.nanoseconds = floor_mod(local, kSecondsPerDay) * kNanosPerSecond + fraction;
  b.zone = a.zone;
}

// Whole months from one local date and time to another.
std::int64_t months_between(const Moment& a, const Moment& b) {
  const Date x = date_of(*a.days);
  const Date y = date_of(*b.days);
  std::int64_t months = (y.year - x.year) * 12 + y.month - x.month;
  const auto after = [](const Date& p, std::int64_t pn, const Date& q, std::int64_t qn) {
    return p.day > q.day || (p.day == q.day && pn > qn);
  };
  if (months > 0 && after(x, *a.nanoseconds, y, *b.nanoseconds)) --months;
  if (months < 0 && after(y, *b.nanoseconds, x, *a.nanoseconds)) ++months;
  return months;
}

}  // namespace

Value duration_between(Between what, const Value& from, const Value& to, Arena& arena) {
  Moment a = decompose(from);
  Moment b = decompose(to);
  const bool dates = a.days && b.days;
  if (!dates) {
    if (what == Between::months || what == Between::days) return exact_duration(0, 0, 0, 0, arena);
    // Only the time of day counts; a date in one of them says which day's clock it is.
    const std::int64_t day = a.days ? *a.days : b.days.value_or(0);
    a.days = b.days = day;
  }
  if (!a.nanoseconds) a.nanoseconds = 0;
  if (!b.nanoseconds) b.nanoseconds = 0;
  // Without a zone a value is read on the other's clock.
  if (!a.zone) a.zone = b.zone;
  if (!b.zone) b.zone = a.zone;
  same_clock(a, b);
  std::int64_t months = 0;
  std::int64_t days = 0;
  if (dates && (what == Between::all || what == Between::months)) {
    months = months_between(a, b);
    if (what == Between::months) return exact_duration(months, 0, 0, 0, arena);
    a.days = add_months(*a.days, months);
  }
  if (dates && what != Between::seconds) {
    days = *b.days - *a.days;
    if (days > 0 && *a.nanoseconds > *b.nanoseconds) --days;
    if (days < 0 && *a.nanoseconds < *b.nanoseconds) ++days;
    if (what == Between::days) return exact_duration(0, days, 0, 0, arena);
    a.days = *a.days + days;
  }
  const __int128 nanos = instant(b) - instant(a);
  return exact_duration(months, days, static_cast<std::int64_t>(nanos / kNanosPerSecond),
                        static_cast<std::int64_t>(nanos % kNanosPerSecond), arena);
}

}  // namespace rv::graph
