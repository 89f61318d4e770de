// Values from maps of parts, and truncation.
#include <algorithm>
#include <cmath>

#include "core/graph/eval.h"
#include "core/graph/query_error.h"
#include "core/graph/temporal.h"
#include "core/graph/temporal/calendar.h"
#include "core/graph/type_set.h"

namespace rv::graph {

using namespace calendar;

namespace {

class Parts {
 public:
  explicit Parts(const Value& map) : map_(map) {
    static constexpr std::string_view kKnown[] = {
        "year",       "quarter",     "month",        "week",         "day",
        "ordinalDay", "dayOfWeek",   "dayOfQuarter", "hour",         "minute",
        "second",     "millisecond", "microsecond",  "nanosecond",   "timezone",
        "date",       "time",        "datetime",     "epochSeconds", "epochMillis"};
    for (const MapEntry& e : map.as_map()) {
      if (std::find(std::begin(kKnown), std::end(kKnown), e.key) == std::end(kKnown))
        raise_argument("a temporal value has no part " + std::string(e.key));
    }
  }

  bool has(std::string_view key) const {
    const Value* v = find_entry(map_, key);
    return v != nullptr && !v->is_null();
  }
  std::optional<std::int64_t> get(std::string_view key, std::int64_t low, std::int64_t high) const {
    const Value* v = find_entry(map_, key);
    if (v == nullptr || v->is_null()) return std::nullopt;
    if (!v->is(Kind::integer))
      raise_type(std::string(key) + " must be an INTEGER, not " +
                 std::string(kind_name(v->kind())));
    const std::int64_t n = v->as_integer();
    if (n < low || n > high)
      raise_argument(std::string(key) + " must lie between " + std::to_string(low) + " and " +
                         std::to_string(high) + ", it is " + std::to_string(n),
                     "ArgumentError: NumberOutOfRange");
    return n;
  }
  // The value to take a date or time from.
  std::optional<Value> source(std::string_view key) const {
    for (const std::string_view k : {key, std::string_view("datetime")}) {
      const Value* v = find_entry(map_, k);
      if (v == nullptr || v->is_null()) continue;
      if (!v->is_temporal() || v->is(Kind::duration))
        raise_type(std::string(k) + " must be a temporal value, not " +
                   std::string(kind_name(v->kind())));
      return *v;
    }
    return std::nullopt;
  }

  // `base` in days, from another value.
  std::int64_t date(std::optional<std::int64_t> base) const {
    const auto year = get("year", -kLargestYear, kLargestYear);
    const auto week = get("week", 1, 53);
    const auto day_of_week = get("dayOfWeek", 1, 7);
    const auto ordinal = get("ordinalDay", 1, 366);
    const auto quarter = get("quarter", 1, 4);
    const auto day_of_quarter = get("dayOfQuarter", 1, 92);
    if (!year && !base) raise_argument("a date needs at least a year");
    if (week || (day_of_week && !has("month") && !has("day"))) {
      const WeekDate b = base ? week_date_of(*base) : WeekDate{*year, 1, 1};
      const std::int64_t y = year.value_or(b.year);
      const auto w = static_cast<int>(week.value_or(b.week));
      if (w > weeks_in(y))
        raise_argument("year " + std::to_string(y) + " has no week 53",
                       "ArgumentError: NumberOutOfRange");
      return days_of_week_date(y, w, static_cast<int>(day_of_week.value_or(b.day)));
    }
    if (ordinal) {
      const std::int64_t y = year ? *year : date_of(*base).year;
      if (*ordinal == 366 && !is_leap(y))
        raise_argument("year " + std::to_string(y) + " has 365 days",
                       "ArgumentError: NumberOutOfRange");
      return days_of(y, 1, 1) + *ordinal - 1;
    }
    const Date b = base ? date_of(*base) : Date{*year, 1, 1};
    const std::int64_t y = year.value_or(b.year);
    if (quarter || day_of_quarter) {
      const std::int64_t base_quarter = (b.month - 1) / 3 + 1;
      const std::int64_t base_day =
          base ? *base - days_of(b.year, static_cast<int>(base_quarter * 3 - 2), 1) + 1 : 1;
      const std::int64_t q = quarter.value_or(base_quarter);
      const std::int64_t first = days_of(y, static_cast<int>(q * 3 - 2), 1);
      const std::int64_t next =
          q == 4 ? days_of(y + 1, 1, 1) : days_of(y, static_cast<int>(q * 3 + 1), 1);
      const std::int64_t out = first + day_of_quarter.value_or(base_day) - 1;
      if (out >= next)
        raise_argument("quarter " + std::to_string(q) + " has fewer days",
                       "ArgumentError: NumberOutOfRange");
      return out;
    }
    const auto month = static_cast<int>(get("month", 1, 12).value_or(b.month));
    const auto day = get("day", 1, 31);
    if (day && *day > month_length(y, month))
      raise_argument("month " + std::to_string(month) + " of " + std::to_string(y) +
                         " has no day " + std::to_string(*day),
                     "ArgumentError: NumberOutOfRange");
    return days_of(y, month,
                   day ? static_cast<int>(*day) : std::min(b.day, month_length(y, month)));
  }

  // `lower`: parts of a second add to what the base has of larger ones.
  std::int64_t time(std::optional<std::int64_t> base, bool lower) const {
    const std::int64_t b = base.value_or(0);
    const std::int64_t seconds = b / kNanosPerSecond;
    const auto hour = get("hour", 0, 23);
    const auto minute = get("minute", 0, 59);
    const auto second = get("second", 0, 59);
    const std::int64_t whole = hour.value_or(seconds / 3600) * 3600 +
                               minute.value_or(seconds / 60 % 60) * 60 +
                               second.value_or(seconds % 60);
    const bool some = has("millisecond") || has("microsecond") || has("nanosecond");
    std::int64_t fraction = some && !lower ? 0 : b % kNanosPerSecond;
    if (some) {
      const auto milli = get("millisecond", 0, 999);
      const auto micro = get("microsecond", 0, milli ? 999 : 999'999);
      const auto nano = get("nanosecond", 0, micro ? 999 : milli ? 999'999 : 999'999'999);
      fraction += milli.value_or(0) * 1'000'000 + micro.value_or(0) * 1000 + nano.value_or(0);
      if (fraction >= kNanosPerSecond) fraction %= kNanosPerSecond;
    }
    return whole * kNanosPerSecond + fraction;
  }

  std::optional<Zone> zone(Arena& arena) const {
    const Value* v = find_entry(map_, "timezone");
    if (v == nullptr || v->is_null()) return std::nullopt;
    if (!v->is(Kind::string))
      raise_type("timezone must be a STRING, not " + std::string(kind_name(v->kind())));
    return parse_zone(v->as_string(), arena);
  }

  bool has_date_part() const {
    for (const auto key :
         {"year", "quarter", "month", "week", "day", "ordinalDay", "dayOfWeek", "dayOfQuarter"})
      if (has(key)) return true;
    return false;
  }

 private:
  const Value& map_;
};

bool wants_date(Kind k) {
  return k == Kind::date || k == Kind::local_datetime || k == Kind::datetime;
}
bool wants_time(Kind k) { return k != Kind::date; }
bool wants_zone(Kind k) { return k == Kind::time || k == Kind::datetime; }

// Reads the same moment on another zone's clock.
void move_to(Moment& m, const Zone& zone) {
  const std::int64_t local = m.days.value_or(0) * kSecondsPerDay + *m.nanoseconds / kNanosPerSecond;
  const std::int64_t utc = local - offset_of_local(*m.zone, local);
  const std::int64_t there = utc + offset_of(zone, utc);
  if (m.days) m.days = floor_div(there, kSecondsPerDay);
  m.nanoseconds =
      floor_mod(there, kSecondsPerDay) * kNanosPerSecond + *m.nanoseconds % kNanosPerSecond;
  m.zone = zone;
}

}  // namespace

Value build_temporal(Kind kind, const Value& map, const Zone& zone, const Value& now,
                     Arena& arena) {
  const Parts parts(map);
  const auto wanted_zone = parts.zone(arena);
  if (map.as_map().size() == (wanted_zone ? 1U : 0U)) {
    Moment m = decompose(now);  // the current moment, in the zone if one is given
    if (wanted_zone) move_to(m, *wanted_zone);
    return compose(kind, m, zone, arena);
  }
  if (kind == Kind::datetime && (parts.has("epochSeconds") || parts.has("epochMillis"))) {
    const auto seconds = parts.get("epochSeconds", -31556889864403199, 31556889864403199);
    const auto millis = parts.get("epochMillis", INT64_MIN, INT64_MAX);
    const std::int64_t utc = seconds ? *seconds : floor_div(*millis, 1000);
    std::int64_t nanos = seconds ? 0 : floor_mod(*millis, 1000) * 1'000'000;
    nanos += parts.get("nanosecond", 0, 999'999'999).value_or(0);
    const Zone z = wanted_zone.value_or(zone);
    return Value::datetime(arena.make<ZonedDateTime>(
        utc + nanos / kNanosPerSecond, static_cast<std::int32_t>(nanos % kNanosPerSecond),
        offset_of(z, utc), z.name));
  }
  Moment m;
  if (wants_date(kind)) {
    const auto from = parts.source("date");
    std::optional<std::int64_t> base;
    if (from) {
      base = decompose(*from).days;
      if (!base) raise_argument("a time of day holds no date");
    }
    m.days = parts.date(base);
  }
  if (wants_time(kind)) {
    const auto from = parts.source("time");
    std::optional<std::int64_t> base;
    if (from) {
      const Moment source = decompose(*from);
      base = source.nanoseconds;
      if (!base) raise_argument("a date holds no time of day");
      if (wants_zone(kind)) m.zone = source.zone;
      if (kind == Kind::time && m.zone) m.zone->name = {};
    }
    if (!base && kind != Kind::local_datetime && kind != Kind::datetime && !parts.has("hour"))
      raise_argument("a time needs at least an hour");
    m.nanoseconds = parts.time(base, false);
  }
  if (wanted_zone && wants_zone(kind)) {
    if (m.zone) {
      move_to(m, *wanted_zone);
    } else {
      m.zone = wanted_zone;
    }
  }
  return compose(kind, m, zone, arena);
}

namespace {

bool truncate_date(std::string_view unit, std::int64_t& days) {
  const Date d = date_of(days);
  const auto year = [&](std::int64_t step) {
    days = days_of(floor_div(d.year, step) * step, 1, 1);
    return true;
  };
  if (unit == "millennium") return year(1000);
  if (unit == "century") return year(100);
  if (unit == "decade") return year(10);
  if (unit == "year") return year(1);
  if (unit == "weekyear") {
    days = days_of_week_date(week_date_of(days).year, 1, 1);
  } else if (unit == "quarter") {
    days = days_of(d.year, (d.month - 1) / 3 * 3 + 1, 1);
  } else if (unit == "month") {
    days = days_of(d.year, d.month, 1);
  } else if (unit == "week") {
    days -= day_of_week(days) - 1;
  } else {
    return false;
  }
  return true;
}

bool truncate_time(std::string_view unit, std::int64_t& nanos) {
  std::int64_t step;
  if (unit == "day") {
    step = kNanosPerDay;
  } else if (unit == "hour") {
    step = 3600 * kNanosPerSecond;
  } else if (unit == "minute") {
    step = 60 * kNanosPerSecond;
  } else if (unit == "second") {
    step = kNanosPerSecond;
  } else if (unit == "millisecond") {
    step = 1'000'000;
  } else if (unit == "microsecond") {
    step = 1000;
  } else {
    return false;
  }
  nanos -= nanos % step;
  return true;
}

}  // namespace

Value truncate_temporal(Kind kind, std::string_view unit, const Value& v, const Value& map,
                        const Zone& zone, Arena& arena) {
  std::string name(unit);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  Moment m = decompose(v);
  const Value empty = Value::map({});
  const Parts parts(map.is_null() ? empty : map);
  if (wants_date(kind) && !m.days) raise_argument("a time of day holds no date to truncate");
  if (!wants_date(kind) && !m.nanoseconds) m.nanoseconds = 0;
  std::int64_t days = m.days.value_or(0);
  std::int64_t nanos = m.nanoseconds.value_or(0);
  const bool dated = truncate_date(name, days);
  if (dated) nanos = 0;
  if (dated ? !wants_date(kind) : !truncate_time(name, nanos))
    raise_argument("\"" + std::string(unit) + "\" is no unit that this can be truncated to");
  if (kind == Kind::date && !dated && name != "day")
    raise_argument("a date cannot be truncated to " + name);
  Moment out;
  out.zone = m.zone;
  if (kind == Kind::time && out.zone) out.zone->name = {};
  if (const auto wanted = parts.zone(arena)) out.zone = wanted;
  if (wants_date(kind)) out.days = parts.has_date_part() ? parts.date(days) : days;
  if (wants_time(kind)) out.nanoseconds = parts.time(nanos, true);
  return compose(kind, out, zone, arena);
}

Value build_duration(const Value& map, Arena& arena) {
  long double months = 0, days = 0, seconds = 0;
  long double nanos = 0;
  for (const MapEntry& e : map.as_map()) {
    if (e.value.is_null()) continue;
    if (!e.value.is_number())
      raise_type(std::string(e.key) + " must be a number, not " +
                 std::string(kind_name(e.value.kind())));
    const long double n = e.value.is(Kind::integer)
                              ? static_cast<long double>(e.value.as_integer())
                              : static_cast<long double>(e.value.as_floating());
    if (e.key == "years") {
      months += n * 12;
    } else if (e.key == "quarters") {
      months += n * 3;
    } else if (e.key == "months") {
      months += n;
    } else if (e.key == "weeks") {
      days += n * 7;
    } else if (e.key == "days") {
      days += n;
    } else if (e.key == "hours") {
      seconds += n * 3600;
    } else if (e.key == "minutes") {
      seconds += n * 60;
    } else if (e.key == "seconds") {
      seconds += n;
    } else if (e.key == "milliseconds") {
      nanos += n * 1e6L;
    } else if (e.key == "microseconds") {
      nanos += n * 1e3L;
    } else if (e.key == "nanoseconds") {
      nanos += n;
    } else {
      raise_argument("a duration has no part " + std::string(e.key));
    }
  }
  return make_duration(months, days, seconds + nanos / 1e9L, arena);
}

}  // namespace rv::graph
