// Dates, times and durations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/graph/arena.h"
#include "core/graph/value.h"

namespace rv::graph {

// A zone: an offset, or a name with the offset that it has at the moment.
struct Zone {
  std::int32_t offset = 0;
  std::string_view name;  // empty: the offset alone
};

// The parts of a date, time or datetime value, on its own clock.
struct Moment {
  std::optional<std::int64_t> days;         // since 1970-01-01
  std::optional<std::int64_t> nanoseconds;  // since midnight
  std::optional<Zone> zone;
};

Moment decompose(const Value& v);
// A value of a temporal kind; missing parts are 1970-01-01, midnight and `fallback`. With a named
// zone the offset is computed. Out of the calendar's range is an error.
Value compose(Kind kind, const Moment& m, const Zone& fallback, Arena& arena);

// "+01:00", "Z" or an IANA name; raises for others.
Zone parse_zone(std::string_view text, Arena& arena);
std::int32_t offset_of(const Zone& zone, std::int64_t utc_seconds);
std::int32_t offset_of_local(const Zone& zone, std::int64_t local_seconds);

// ISO 8601 text; null (and no error) for null only. `zone` is for texts without one.
Value parse_temporal(Kind kind, std::string_view text, const Zone& zone, Arena& arena);
Value parse_duration(std::string_view text, Arena& arena);
std::string format_temporal(const Value& v);

// A part of a temporal value or point, such as d.year; null when it has no such part.
Value component(const Value& v, std::string_view name, Arena& arena);

// From a map of parts, which may start from another value: {date: d, day: 28}. `now` is for a map
// of a zone alone.
Value build_temporal(Kind kind, const Value& map, const Zone& zone, const Value& now, Arena& arena);
Value build_duration(const Value& map, Arena& arena);
// A duration from parts that may be fractions: of a month as days of its average length, of a day
// as seconds.
Value make_duration(long double months, long double days, long double seconds, Arena& arena);
Value exact_duration(std::int64_t months, std::int64_t days, std::int64_t seconds,
                     std::int64_t nanoseconds, Arena& arena);

// The start of the unit that holds v, then the parts of the map set.
Value truncate_temporal(Kind kind, std::string_view unit, const Value& v, const Value& map,
                        const Zone& zone, Arena& arena);

// moment + sign * duration
Value shift(const Value& moment, const Duration& d, int sign, Arena& arena);
enum class Between : std::uint8_t { all, months, days, seconds };
Value duration_between(Between what, const Value& a, const Value& b, Arena& arena);

}  // namespace rv::graph
