#include "core/graph/temporal.h"

#include <chrono>

#include "core/graph/functions/tables.h"
#include "core/graph/temporal/calendar.h"

namespace rv::graph {
namespace {

Zone default_zone(FunctionContext& c) {
  return parse_zone(c.runtime.environment().time_zone, c.arena);
}

Value moment_at(Kind kind, std::int64_t seconds, std::int32_t nanos, const Zone& zone,
                Arena& arena) {
  const Value now = Value::datetime(
      arena.make<ZonedDateTime>(seconds, nanos, offset_of(zone, seconds), arena.copy(zone.name)));
  if (kind == Kind::datetime) return now;
  Moment m = decompose(now);
  if (kind == Kind::time) m.zone->name = {};
  return compose(kind, m, zone, arena);
}

Value statement_time(Kind kind, const Zone& zone, FunctionContext& c) {
  const Environment& e = c.runtime.environment();
  return moment_at(kind, e.now_seconds, e.now_nanoseconds, zone, c.arena);
}

Zone zone_argument(Args a, FunctionContext& c) {
  if (a.empty()) return default_zone(c);
  if (!a[0].is(Kind::string))
    raise_type("expected a time zone as STRING, found " + std::string(kind_name(a[0].kind())));
  return parse_zone(a[0].as_string(), c.arena);
}

template <Kind kind>
Value construct(Args a, FunctionContext& c) {
  const Zone zone = default_zone(c);
  if (a.empty()) return statement_time(kind, zone, c);
  switch (a[0].kind()) {
    case Kind::string:
      return parse_temporal(kind, a[0].as_string(), zone, c.arena);
    case Kind::map: {
      const Value now = statement_time(Kind::datetime, zone, c);
      return build_temporal(kind, a[0], zone, now, c.arena);
    }
    default:
      break;
  }
  Moment m = decompose(a[0]);
  const bool date = kind == Kind::date || kind == Kind::local_datetime || kind == Kind::datetime;
  if (date && !m.days) raise_argument("a time of day holds no date");
  if (!date && !m.nanoseconds) raise_argument("a date holds no time of day");
  if (kind == Kind::time && m.zone) m.zone->name = {};
  return compose(kind, m, zone, c.arena);
}

template <Kind kind>
Value current(Args a, FunctionContext& c) {
  return statement_time(kind, zone_argument(a, c), c);
}

template <Kind kind>
Value realtime(Args a, FunctionContext& c) {
  using namespace std::chrono;
  const auto now = duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  return moment_at(kind, now / calendar::kNanosPerSecond,
                   static_cast<std::int32_t>(now % calendar::kNanosPerSecond), zone_argument(a, c),
                   c.arena);
}

template <Kind kind>
Value truncate(Args a, FunctionContext& c) {
  if (a[0].is_null() || (a.size() > 1 && a[1].is_null())) return Value::null();
  const Zone zone = default_zone(c);
  const Value v = a.size() > 1 ? a[1] : statement_time(Kind::datetime, zone, c);
  const Value map = a.size() > 2 ? a[2] : Value::null();
  if (!a[0].is(Kind::string) || !v.is_temporal() || v.is(Kind::duration) ||
      !(map.is_null() || map.is(Kind::map)))
    raise_type("truncate() expects a unit, a temporal value and a map");
  return truncate_temporal(kind, a[0].as_string(), v, map, zone, c.arena);
}

Value from_epoch(Args a, FunctionContext& c) {
  const std::int64_t seconds = a[0].as_integer();
  const std::int64_t nanos = a[1].as_integer();
  const std::int64_t carry = calendar::floor_div(nanos, calendar::kNanosPerSecond);
  return moment_at(Kind::datetime, seconds + carry,
                   static_cast<std::int32_t>(calendar::floor_mod(nanos, calendar::kNanosPerSecond)),
                   {}, c.arena);
}

Value from_epoch_millis(Args a, FunctionContext& c) {
  const std::int64_t ms = a[0].as_integer();
  return moment_at(Kind::datetime, calendar::floor_div(ms, 1000),
                   static_cast<std::int32_t>(calendar::floor_mod(ms, 1000) * 1'000'000), {},
                   c.arena);
}

Value duration(Args a, FunctionContext& c) {
  if (a[0].is(Kind::string)) return parse_duration(a[0].as_string(), c.arena);
  if (a[0].is(Kind::duration)) return a[0];
  return build_duration(a[0], c.arena);
}

template <Between what>
Value between(Args a, FunctionContext& c) {
  return duration_between(what, a[0], a[1], c.arena);
}

Value timestamp(Args, FunctionContext& c) {
  const Environment& e = c.runtime.environment();
  return Value::integer(e.now_seconds * 1000 + e.now_nanoseconds / 1'000'000);
}

constexpr TypeSet kFrom = kString | kMap | kMoment;

template <Kind kind>
constexpr FunctionInfo constructor(std::string_view name) {
  return {name, 0, 1, kFrom, 0, kinds(kind), construct<kind>};
}
template <Kind kind>
constexpr FunctionInfo clock(std::string_view name) {
  return {name, 0, 1, kString, 0, kinds(kind), current<kind>};
}
template <Kind kind>
constexpr FunctionInfo real_clock(std::string_view name) {
  return {name, 0, 1, kString, 0, kinds(kind), realtime<kind>};
}
template <Kind kind>
constexpr FunctionInfo truncator(std::string_view name) {
  return {name, 1, 3, kString, kMoment | kMap, kinds(kind), truncate<kind>, false};
}

const FunctionInfo kTemporalFunctions[] = {
    constructor<Kind::date>("date"),
    constructor<Kind::local_time>("localtime"),
    constructor<Kind::time>("time"),
    constructor<Kind::local_datetime>("localdatetime"),
    constructor<Kind::datetime>("datetime"),
    clock<Kind::date>("date.transaction"),
    clock<Kind::date>("date.statement"),
    real_clock<Kind::date>("date.realtime"),
    clock<Kind::local_time>("localtime.transaction"),
    clock<Kind::local_time>("localtime.statement"),
    real_clock<Kind::local_time>("localtime.realtime"),
    clock<Kind::time>("time.transaction"),
    clock<Kind::time>("time.statement"),
    real_clock<Kind::time>("time.realtime"),
    clock<Kind::local_datetime>("localdatetime.transaction"),
    clock<Kind::local_datetime>("localdatetime.statement"),
    real_clock<Kind::local_datetime>("localdatetime.realtime"),
    clock<Kind::datetime>("datetime.transaction"),
    clock<Kind::datetime>("datetime.statement"),
    real_clock<Kind::datetime>("datetime.realtime"),
    truncator<Kind::date>("date.truncate"),
    truncator<Kind::local_time>("localtime.truncate"),
    truncator<Kind::time>("time.truncate"),
    truncator<Kind::local_datetime>("localdatetime.truncate"),
    truncator<Kind::datetime>("datetime.truncate"),
    {"datetime.fromEpoch", 2, 2, kInteger, kInteger, kinds(Kind::datetime), from_epoch},
    {"datetime.fromEpochMillis", 1, 1, kInteger, 0, kinds(Kind::datetime), from_epoch_millis},
    {"duration", 1, 1, kString | kMap | kDuration, 0, kDuration, duration},
    {"duration.between", 2, 2, kMoment, kMoment, kDuration, between<Between::all>},
    {"duration.inMonths", 2, 2, kMoment, kMoment, kDuration, between<Between::months>},
    {"duration.inDays", 2, 2, kMoment, kMoment, kDuration, between<Between::days>},
    {"duration.inSeconds", 2, 2, kMoment, kMoment, kDuration, between<Between::seconds>},
    {"timestamp", 0, 0, 0, 0, kInteger, timestamp},
};

}  // namespace

std::span<const FunctionInfo> temporal_functions() { return kTemporalFunctions; }

}  // namespace rv::graph
