// Values to parts and back, components, text.
#include "core/graph/query_error.h"
#include "core/graph/temporal.h"
#include "core/graph/temporal/calendar.h"
#include "core/graph/temporal/time_zone.h"

namespace rv::graph {

using namespace calendar;

std::int32_t offset_of(const Zone& zone, std::int64_t utc_seconds) {
  const TimeZone* z = zone.name.empty() ? nullptr : find_time_zone(zone.name);
  return z == nullptr ? zone.offset : z->offset_at(utc_seconds);
}

std::int32_t offset_of_local(const Zone& zone, std::int64_t local_seconds) {
  const TimeZone* z = zone.name.empty() ? nullptr : find_time_zone(zone.name);
  return z == nullptr ? zone.offset : z->offset_at_local(local_seconds);
}

Moment decompose(const Value& v) {
  Moment m;
  switch (v.kind()) {
    case Kind::date:
      m.days = v.as_date();
      break;
    case Kind::local_time:
      m.nanoseconds = v.time_nanoseconds();
      break;
    case Kind::time:
      m.nanoseconds = v.time_nanoseconds();
      m.zone = Zone{v.time_offset(), {}};
      break;
    case Kind::local_datetime:
      m.days = floor_div(v.local_seconds(), kSecondsPerDay);
      m.nanoseconds =
          floor_mod(v.local_seconds(), kSecondsPerDay) * kNanosPerSecond + v.local_nanoseconds();
      break;
    case Kind::datetime: {
      const ZonedDateTime& t = v.as_datetime();
      const std::int64_t local = t.seconds + t.offset_seconds;
      m.days = floor_div(local, kSecondsPerDay);
      m.nanoseconds = floor_mod(local, kSecondsPerDay) * kNanosPerSecond + t.nanoseconds;
      m.zone = Zone{t.offset_seconds, t.zone};
      break;
    }
    default:
      break;
  }
  return m;
}

Value compose(Kind kind, const Moment& m, const Zone& fallback, Arena& arena) {
  const std::int64_t days = m.days.value_or(0);
  const std::int64_t nanos = m.nanoseconds.value_or(0);
  static const std::int64_t kFirst = days_of(-kLargestYear, 1, 1);
  static const std::int64_t kLast = days_of(kLargestYear, 12, 31);
  if (days < kFirst || days > kLast)
    raise(ErrorCode::out_of_range, "date is out of range: years go from -999999999 to 999999999",
          "ArgumentError: NumberOutOfRange");
  const Zone zone = m.zone.value_or(fallback);
  const std::int64_t local = days * kSecondsPerDay + nanos / kNanosPerSecond;
  const auto fraction = static_cast<std::int32_t>(nanos % kNanosPerSecond);
  switch (kind) {
    case Kind::date:
      return Value::date(days);
    case Kind::local_time:
      return Value::local_time(nanos);
    case Kind::time:
      return Value::time(nanos, offset_of_local(zone, local));
    case Kind::local_datetime:
      return Value::local_datetime(local, fraction);
    default: {
      const std::int32_t offset = offset_of_local(zone, local);
      const std::int64_t utc = local - offset;
      // In a gap the clock moves on: the offset is the one that the moment really has.
      return Value::datetime(
          arena.make<ZonedDateTime>(utc, fraction, offset_of(zone, utc), arena.copy(zone.name)));
    }
  }
}

namespace {

void pad(std::string& out, std::int64_t n, std::size_t width) {
  const std::string digits = std::to_string(n);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

void append_date(std::string& out, std::int64_t days) {
  const Date d = date_of(days);
  if (d.year < 0) out += '-';
  if (d.year > 9999) out += '+';
  pad(out, d.year < 0 ? -d.year : d.year, 4);
  out += '-';
  pad(out, d.month, 2);
  out += '-';
  pad(out, d.day, 2);
}

void append_fraction(std::string& out, std::int64_t nanos) {
  if (nanos == 0) return;
  std::string digits = std::to_string(nanos + kNanosPerSecond).substr(1);
  while (digits.back() == '0') digits.pop_back();
  out += '.';
  out += digits;
}

void append_time(std::string& out, std::int64_t nanos) {
  const std::int64_t seconds = nanos / kNanosPerSecond;
  pad(out, seconds / 3600, 2);
  out += ':';
  pad(out, seconds / 60 % 60, 2);
  const std::int64_t fraction = nanos % kNanosPerSecond;
  if (seconds % 60 == 0 && fraction == 0) return;
  out += ':';
  pad(out, seconds % 60, 2);
  append_fraction(out, fraction);
}

void append_offset(std::string& out, std::int32_t offset) {
  if (offset == 0) {
    out += 'Z';
    return;
  }
  out += offset < 0 ? '-' : '+';
  if (offset < 0) offset = -offset;
  pad(out, offset / 3600, 2);
  out += ':';
  pad(out, offset / 60 % 60, 2);
  if (offset % 60 != 0) {
    out += ':';
    pad(out, offset % 60, 2);
  }
}

std::string format_duration(const Duration& d) {
  std::string out = "P";
  const auto part = [&out](std::int64_t n, char unit) {
    if (n == 0) return;
    out += std::to_string(n);
    out += unit;
  };
  part(d.months / 12, 'Y');
  part(d.months % 12, 'M');
  part(d.days, 'D');
  std::int64_t seconds = d.seconds;
  std::int64_t nanos = d.nanoseconds;
  if (seconds < 0 && nanos > 0) {  // -2 s + 0.4 s is written -1.6
    ++seconds;
    nanos = kNanosPerSecond - nanos;
    if (seconds == 0) nanos = -nanos;
  }
  if (seconds != 0 || nanos != 0) {
    out += 'T';
    part(seconds / 3600, 'H');
    part(seconds / 60 % 60, 'M');
    if (seconds % 60 != 0 || nanos != 0) {
      if (seconds % 60 == 0 && (nanos < 0 || seconds < 0)) out += '-';
      out += std::to_string(seconds % 60);
      append_fraction(out, nanos < 0 ? -nanos : nanos);
      out += 'S';
    }
  }
  return out == "P" ? "PT0S" : out;
}

}  // namespace

std::string format_temporal(const Value& v) {
  if (v.is(Kind::duration)) return format_duration(v.as_duration());
  const Moment m = decompose(v);
  std::string out;
  if (m.days) append_date(out, *m.days);
  if (m.days && m.nanoseconds) out += 'T';
  if (m.nanoseconds) append_time(out, *m.nanoseconds);
  if (m.zone) {
    append_offset(out, m.zone->offset);
    if (!m.zone->name.empty()) out += "[" + std::string(m.zone->name) + "]";
  }
  return out;
}

namespace {

Value duration_component(const Duration& d, std::string_view name) {
  const std::int64_t n = d.nanoseconds;
  const auto total = [&](std::int64_t per_second) {
    const __int128 t =
        static_cast<__int128>(d.seconds) * per_second + n / (kNanosPerSecond / per_second);
    if (t > INT64_MAX || t < INT64_MIN)
      raise(ErrorCode::out_of_range, "duration is too long for this unit",
            "ArithmeticError: IntegerOverflow");
    return Value::integer(static_cast<std::int64_t>(t));
  };
  if (name == "years") return Value::integer(d.months / 12);
  if (name == "quarters") return Value::integer(d.months / 3);
  if (name == "months") return Value::integer(d.months);
  if (name == "weeks") return Value::integer(d.days / 7);
  if (name == "days") return Value::integer(d.days);
  if (name == "hours") return Value::integer(d.seconds / 3600);
  if (name == "minutes") return Value::integer(d.seconds / 60);
  if (name == "seconds") return Value::integer(d.seconds);
  if (name == "milliseconds") return total(1000);
  if (name == "microseconds") return total(1'000'000);
  if (name == "nanoseconds") return total(kNanosPerSecond);
  if (name == "quartersOfYear") return Value::integer(d.months / 3 % 4);
  if (name == "monthsOfQuarter") return Value::integer(d.months % 3);
  if (name == "monthsOfYear") return Value::integer(d.months % 12);
  if (name == "daysOfWeek") return Value::integer(d.days % 7);
  if (name == "minutesOfHour") return Value::integer(d.seconds / 60 % 60);
  if (name == "secondsOfMinute") return Value::integer(d.seconds % 60);
  if (name == "millisecondsOfSecond") return Value::integer(n / 1'000'000);
  if (name == "microsecondsOfSecond") return Value::integer(n / 1000);
  if (name == "nanosecondsOfSecond") return Value::integer(n);
  return Value::null();
}

Value date_component(std::int64_t days, std::string_view name) {
  const Date d = date_of(days);
  const std::int64_t quarter = (d.month - 1) / 3 + 1;
  if (name == "year") return Value::integer(d.year);
  if (name == "quarter") return Value::integer(quarter);
  if (name == "month") return Value::integer(d.month);
  if (name == "day") return Value::integer(d.day);
  if (name == "week") return Value::integer(week_date_of(days).week);
  if (name == "weekYear") return Value::integer(week_date_of(days).year);
  if (name == "weekDay" || name == "dayOfWeek") return Value::integer(day_of_week(days));
  if (name == "ordinalDay") return Value::integer(day_of_year(days));
  if (name == "dayOfQuarter")
    return Value::integer(days - days_of(d.year, static_cast<int>(quarter * 3 - 2), 1) + 1);
  return Value::null();
}

Value time_component(std::int64_t nanos, std::string_view name) {
  const std::int64_t seconds = nanos / kNanosPerSecond;
  const std::int64_t fraction = nanos % kNanosPerSecond;
  if (name == "hour") return Value::integer(seconds / 3600);
  if (name == "minute") return Value::integer(seconds / 60 % 60);
  if (name == "second") return Value::integer(seconds % 60);
  if (name == "millisecond") return Value::integer(fraction / 1'000'000);
  if (name == "microsecond") return Value::integer(fraction / 1000);
  if (name == "nanosecond") return Value::integer(fraction);
  return Value::null();
}

Value point_component(const Point& p, std::string_view name, Arena& arena) {
  if (name == "x" || (name == "longitude" && p.geographic())) return Value::floating(p.x);
  if (name == "y" || (name == "latitude" && p.geographic())) return Value::floating(p.y);
  if ((name == "z" || (name == "height" && p.geographic())) && p.has_z())
    return Value::floating(p.z);
  if (name == "srid") return Value::integer(p.srid);
  if (name == "crs") {
    const char* crs = p.srid == 7203   ? "cartesian"
                      : p.srid == 9157 ? "cartesian-3d"
                      : p.srid == 4326 ? "wgs-84"
                                       : "wgs-84-3d";
    return Value::string(arena.copy(std::string_view(crs)));
  }
  return Value::null();
}

}  // namespace

Value component(const Value& v, std::string_view name, Arena& arena) {
  if (v.is(Kind::duration)) return duration_component(v.as_duration(), name);
  if (v.is(Kind::point)) return point_component(v.as_point(), name, arena);
  const Moment m = decompose(v);
  Value out;
  if (m.days) out = date_component(*m.days, name);
  if (out.is_null() && m.nanoseconds) out = time_component(*m.nanoseconds, name);
  if (!out.is_null() || !m.zone) return out;
  const Zone& z = *m.zone;
  if (name == "timezone" && !z.name.empty()) return Value::string(arena.copy(z.name));
  if (name == "offset" || name == "timezone") {
    std::string text;
    append_offset(text, z.offset);
    return Value::string(arena.copy(std::string_view(text)));
  }
  if (name == "offsetMinutes") return Value::integer(z.offset / 60);
  if (name == "offsetSeconds") return Value::integer(z.offset);
  if (!v.is(Kind::datetime)) return out;
  const ZonedDateTime& t = v.as_datetime();
  if (name == "epochSeconds") return Value::integer(t.seconds);
  if (name == "epochMillis") return Value::integer(t.seconds * 1000 + t.nanoseconds / 1'000'000);
  return out;
}

}  // namespace rv::graph
