// ISO 8601 text in the forms that openCypher takes.
#include <cctype>
#include <cmath>

#include "core/graph/query_error.h"
#include "core/graph/temporal.h"
#include "core/graph/temporal/calendar.h"
#include "core/graph/temporal/time_zone.h"

namespace rv::graph {

using namespace calendar;

namespace {

[[noreturn]] void bad(std::string_view what, std::string_view text) {
  raise(ErrorCode::invalid_text,
        "\"" + std::string(text.substr(0, 60)) + "\" is no " + std::string(what),
        "ArgumentError: InvalidArgumentValue");
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view what) : t_(text), what_(what) {}

  [[noreturn]] void fail() const { bad(what_, t_); }
  bool done() const { return i_ >= t_.size(); }
  char at(std::size_t k = 0) const { return i_ + k < t_.size() ? t_[i_ + k] : '\0'; }
  bool take(char c) {
    if (at() != c) return false;
    ++i_;
    return true;
  }
  // Digits in a row from here.
  std::size_t run() const {
    std::size_t n = 0;
    while (std::isdigit(static_cast<unsigned char>(at(n))) != 0) ++n;
    return n;
  }
  std::int64_t digits(std::size_t n) {
    if (run() < n || n == 0 || n > 17) fail();
    std::int64_t out = 0;
    for (; n > 0; --n) out = out * 10 + (t_[i_++] - '0');
    return out;
  }
  int two() { return static_cast<int>(digits(2)); }

  std::int64_t date() {
    std::int64_t year;
    const bool sign = at() == '-' || at() == '+';
    if (sign) {
      const bool minus = t_[i_++] == '-';
      const std::size_t n = run();
      if (n < 4 || n > 9) fail();
      year = digits(n) * (minus ? -1 : 1);
      return rest_of_date(year, at() == '-');
    }
    if (run() < 4) fail();
    year = digits(4);
    return rest_of_date(year, at() == '-');
  }

  std::int64_t rest_of_date(std::int64_t year, bool dashes) {
    if (done() || at() == 'T') return days_of(year, 1, 1);
    if (dashes) ++i_;
    if (take('W')) {
      const int week = two();
      int day = 1;
      if (dashes ? take('-') : run() > 0) day = static_cast<int>(digits(1));
      if (week < 1 || week > weeks_in(year) || day < 1 || day > 7) fail();
      return days_of_week_date(year, week, day);
    }
    if (take('Q')) {
      const int quarter = static_cast<int>(digits(1));
      int day = 1;
      if (dashes ? take('-') : run() > 0) day = two();
      if (quarter < 1 || quarter > 4) fail();
      const std::int64_t first = days_of(year, quarter * 3 - 2, 1);
      const std::int64_t next =
          quarter == 4 ? days_of(year + 1, 1, 1) : days_of(year, quarter * 3 + 1, 1);
      if (day < 1 || first + day - 1 >= next) fail();
      return first + day - 1;
    }
    if (run() == 3) {
      const std::int64_t day = digits(3);
      if (day < 1 || day > (is_leap(year) ? 366 : 365)) fail();
      return days_of(year, 1, 1) + day - 1;
    }
    const int month = two();
    int day = 1;
    if (dashes ? take('-') : run() > 0) day = two();
    if (month < 1 || month > 12 || day < 1 || day > month_length(year, month)) fail();
    return days_of(year, month, day);
  }

  std::int64_t time() {
    const int hour = two();
    int minute = 0;
    int second = 0;
    std::int64_t nanos = 0;
    const bool colons = take(':');
    if (colons || run() > 0) {
      minute = two();
      if (colons ? take(':') : run() > 0) {
        second = two();
        if (take('.') || take(',')) nanos = fraction();
      }
    }
    if (hour > 23 || minute > 59 || second > 59) fail();
    return (hour * 3600 + minute * 60 + second) * kNanosPerSecond + nanos;
  }

  std::int64_t fraction() {
    std::size_t n = run();
    if (n == 0 || n > 9) fail();
    std::int64_t out = digits(n);
    for (; n < 9; ++n) out *= 10;
    return out;
  }

  // Z, +01, +0100, +01:00, +01:00:30, each with a name in brackets or the name alone.
  bool zone(Zone& out, Arena& arena) {
    if (done()) return false;
    bool offset = false;
    if (take('Z') || take('z')) {
      offset = true;
    } else if (at() == '+' || at() == '-') {
      const int sign = t_[i_++] == '-' ? -1 : 1;
      int part[3] = {two(), 0, 0};
      const bool colons = at() == ':';
      for (int k = 1; k < 3; ++k) {
        if (colons ? !take(':') : run() == 0) break;
        part[k] = two();
      }
      if (part[0] > 18 || part[1] > 59 || part[2] > 59) fail();
      out.offset = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
      offset = true;
    }
    if (take('[')) {
      const std::size_t end = t_.find(']', i_);
      if (end == std::string_view::npos) fail();
      out.name = arena.copy(t_.substr(i_, end - i_));
      if (find_time_zone(out.name) == nullptr) bad("time zone", out.name);
      i_ = end + 1;
      has_name_ = true;
    }
    return offset;
  }
  bool has_name() const { return has_name_; }

  // 12.5 or -3; with a sign that may also follow the P.
  bool number(long double& out, bool& fractional) {
    const std::size_t start = i_;
    const bool minus = take('-');
    if (!minus) take('+');
    if (run() == 0 && at() != '.') {
      i_ = start;
      return false;
    }
    long double whole = 0;
    while (std::isdigit(static_cast<unsigned char>(at())) != 0)
      whole = whole * 10 + (t_[i_++] - '0');
    long double unit = 1;
    fractional = take('.') || take(',');
    if (fractional)
      while (std::isdigit(static_cast<unsigned char>(at())) != 0) {
        unit /= 10;
        whole += (t_[i_++] - '0') * unit;
      }
    out = minus ? -whole : whole;
    return true;
  }

 private:
  std::string_view t_;
  std::string_view what_;
  std::size_t i_ = 0;
  bool has_name_ = false;
};

}  // namespace

Zone parse_zone(std::string_view text, Arena& arena) {
  Zone zone;
  if (!text.empty() && (text[0] == '+' || text[0] == '-' || text == "Z" || text == "z")) {
    Reader r(text, "time zone");
    r.zone(zone, arena);
    if (!r.done()) r.fail();
    return zone;
  }
  if (find_time_zone(text) == nullptr) bad("time zone", text);
  zone.name = arena.copy(text);
  return zone;
}

Value parse_temporal(Kind kind, std::string_view text, const Zone& fallback, Arena& arena) {
  static constexpr std::string_view kWhat[] = {"date", "local time", "time", "local datetime",
                                               "datetime"};
  Reader r(text, kWhat[static_cast<int>(kind) - static_cast<int>(Kind::date)]);
  Moment m;
  m.nanoseconds = 0;
  const bool has_date =
      kind == Kind::date || kind == Kind::local_datetime || kind == Kind::datetime;
  if (has_date) {
    m.days = r.date();
    if (kind != Kind::date && r.take('T')) m.nanoseconds = r.time();
  } else {
    r.take('T');
    m.nanoseconds = r.time();
  }
  if (kind != Kind::time && kind != Kind::datetime) {
    if (!r.done()) r.fail();
    return compose(kind, m, fallback, arena);
  }
  Zone zone;
  const bool offset = r.zone(zone, arena);
  if (!r.done() || (kind == Kind::time && r.has_name() && !offset)) r.fail();
  if (offset && r.has_name() && kind == Kind::datetime) {
    // The offset says which of two equal clock times is meant.
    const std::int64_t utc =
        *m.days * kSecondsPerDay + *m.nanoseconds / kNanosPerSecond - zone.offset;
    return Value::datetime(
        arena.make<ZonedDateTime>(utc, static_cast<std::int32_t>(*m.nanoseconds % kNanosPerSecond),
                                  offset_of(zone, utc), zone.name));
  }
  if (offset && kind == Kind::time) zone.name = {};
  if (offset || r.has_name()) m.zone = zone;
  return compose(kind, m, fallback, arena);
}

Value parse_duration(std::string_view text, Arena& arena) {
  Reader r(text, "duration");
  const bool minus = r.take('-');
  if (!r.take('P')) r.fail();
  const std::size_t dash = text.find('-', 1);
  // P2012-02-02T14:37:21.545: the parts in the form of a datetime.
  if (dash != std::string_view::npos && dash >= 5 && r.run() == 4 && text[dash - 1] != 'P' &&
      text[dash - 1] != 'T' && std::isdigit(static_cast<unsigned char>(text[dash - 1])) != 0) {
    const std::int64_t years = r.digits(4);
    r.take('-');
    const int months = r.two();
    if (!r.take('-')) r.fail();
    const int days = r.two();
    std::int64_t nanos = 0;
    if (r.take('T')) nanos = r.time();
    if (!r.done() || months > 12 || days > 31) r.fail();
    const std::int64_t sign = minus ? -1 : 1;
    return exact_duration(sign * (years * 12 + months), sign * days,
                          sign * (nanos / kNanosPerSecond), sign * (nanos % kNanosPerSecond),
                          arena);
  }
  long double months = 0, days = 0, seconds = 0;
  bool time = false, any = false, fractional = false;
  while (!r.done()) {
    if (r.take('T')) {
      if (time) r.fail();
      time = true;
      continue;
    }
    long double n = 0;
    if (fractional || !r.number(n, fractional)) r.fail();
    any = true;
    if (!time && r.take('Y')) {
      months += n * 12;
    } else if (!time && r.take('M')) {
      months += n;
    } else if (!time && r.take('W')) {
      days += n * 7;
    } else if (!time && r.take('D')) {
      days += n;
    } else if (time && r.take('H')) {
      seconds += n * 3600;
    } else if (time && r.take('M')) {
      seconds += n * 60;
    } else if (time && r.take('S')) {
      seconds += n;
    } else {
      r.fail();
    }
  }
  if (!any) r.fail();
  const long double sign = minus ? -1 : 1;
  return make_duration(sign * months, sign * days, sign * seconds, arena);
}

}  // namespace rv::graph
