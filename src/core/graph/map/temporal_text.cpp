#include "core/graph/map/temporal_text.h"

#include <charconv>
#include <cstdlib>

#include "core/base/error.h"

namespace rv::graph {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;
constexpr std::int64_t kDay = 86'400;

struct Civil {
  std::int64_t year;
  int month, day;
};

// Proleptic Gregorian calendar in eras of 400 years.
Civil civil_from_days(std::int64_t z) noexcept {
  z += 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const int day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

void append_number(std::string& out, std::int64_t x, int width) {
  const std::string digits = std::to_string(x);
  const auto least = static_cast<std::size_t>(width);
  out.append(digits.size() < least ? least - digits.size() : 0, '0');
  out += digits;
}

void append_fraction(std::string& out, std::int64_t nanoseconds) {
  if (nanoseconds == 0) return;
  std::string digits = std::to_string(kNanos + nanoseconds).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  out += '.';
  out += digits;
}

void append_offset(std::string& out, std::int32_t offset) {
  if (offset == 0) {
    out += 'Z';
    return;
  }
  const std::int64_t size = std::llabs(offset);
  out += offset < 0 ? '-' : '+';
  append_number(out, size / 3'600, 2);
  out += ':';
  append_number(out, size / 60 % 60, 2);
  if (size % 60 == 0) return;
  out += ':';
  append_number(out, size % 60, 2);
}

// Reads fixed forms; every failure is the same 22P02.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_(text), rest_(text) {}

  [[noreturn]] void fail() const {
    throw Error(ErrorCode::invalid_text,
                "invalid temporal value \"" + std::string(text_.substr(0, 100)) + "\"");
  }
  bool take(char c) noexcept {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char c) {
    if (!take(c)) fail();
  }
  bool at_end() const noexcept { return rest_.empty(); }
  void need_end() const {
    if (!rest_.empty()) fail();
  }
  std::int64_t number(std::size_t least, std::size_t most) {
    std::size_t n = 0;
    while (n < rest_.size() && n < most && rest_[n] >= '0' && rest_[n] <= '9') ++n;
    if (n < least) fail();
    std::int64_t x = 0;
    if (std::from_chars(rest_.data(), rest_.data() + n, x).ec != std::errc()) fail();
    rest_.remove_prefix(n);
    return x;
  }
  std::int64_t limited(std::size_t digits, std::int64_t limit) {
    const std::int64_t x = number(digits, digits);
    if (x > limit) fail();
    return x;
  }
  std::int64_t fraction() {
    if (!take('.')) return 0;
    const std::size_t before = rest_.size();
    std::int64_t x = number(1, 9);
    for (std::size_t n = before - rest_.size(); n < 9; ++n) x *= 10;
    return x;
  }
  std::int64_t date() {
    const bool negative = take('-');
    if (!negative) take('+');
    const std::int64_t year = number(4, 9) * (negative ? -1 : 1);
    need('-');
    const int month = static_cast<int>(limited(2, 12));
    need('-');
    const int day = static_cast<int>(limited(2, 31));
    const std::int64_t days = days_from_civil(year, month, day);
    const Civil back = civil_from_days(days);
    if (month < 1 || day < 1 || back.month != month || back.day != day) fail();
    return days;
  }
  std::int64_t clock() {
    const std::int64_t h = limited(2, 23);
    need(':');
    const std::int64_t m = limited(2, 59);
    need(':');
    const std::int64_t s = limited(2, 59);
    return (h * 3'600 + m * 60 + s) * kNanos + fraction();
  }
  std::int32_t offset() {
    if (take('Z')) return 0;
    const bool negative = take('-');
    if (!negative) need('+');
    const std::int64_t h = limited(2, 18);
    need(':');
    const std::int64_t m = limited(2, 59);
    const std::int64_t s = take(':') ? limited(2, 59) : 0;
    const auto x = static_cast<std::int32_t>(h * 3'600 + m * 60 + s);
    return negative ? -x : x;
  }
  std::string_view zone() {
    if (!take('[')) return {};
    const auto end = rest_.find(']');
    if (end == std::string_view::npos || end == 0) fail();
    const auto name = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return name;
  }
  bool minus() noexcept { return take('-'); }

 private:
  std::string_view text_, rest_;
};

std::int64_t signed_number(Reader& in, bool negative) {
  const std::int64_t x = in.number(1, 18);
  return negative ? -x : x;
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t yoe = year - era * 400;
  const std::int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + doe - 719'468;
}

void append_date(std::string& out, std::int64_t days) {
  const Civil c = civil_from_days(days);
  if (c.year < 0) out += '-';
  if (c.year > 9999) out += '+';
  append_number(out, std::llabs(c.year), 4);
  out += '-';
  append_number(out, c.month, 2);
  out += '-';
  append_number(out, c.day, 2);
}

void append_local_time(std::string& out, std::int64_t nanoseconds) {
  const std::int64_t s = nanoseconds / kNanos;
  append_number(out, s / 3'600, 2);
  out += ':';
  append_number(out, s / 60 % 60, 2);
  out += ':';
  append_number(out, s % 60, 2);
  append_fraction(out, nanoseconds % kNanos);
}

void append_time(std::string& out, StoredTime x) {
  append_local_time(out, x.nanoseconds);
  append_offset(out, x.offset);
}

void append_local_datetime(std::string& out, StoredLocalDateTime x) {
  const std::int64_t days = x.seconds / kDay - (x.seconds % kDay < 0 ? 1 : 0);
  append_date(out, days);
  out += 'T';
  append_local_time(out, (x.seconds - days * kDay) * kNanos + x.nanoseconds);
}

void append_datetime(std::string& out, const StoredDateTime& x) {
  append_local_datetime(out, {x.seconds + x.offset, x.nanoseconds});
  append_offset(out, x.offset);
  if (x.zone.empty()) return;
  out += '[';
  out += x.zone;
  out += ']';
}

void append_duration(std::string& out, const StoredDuration& x) {
  out += 'P';
  if (x.months != 0) out += std::to_string(x.months) + 'M';
  if (x.days != 0) out += std::to_string(x.days) + 'D';
  const bool empty = x.months == 0 && x.days == 0;
  if (!empty && x.seconds == 0 && x.nanoseconds == 0) return;
  out += 'T';
  // seconds is rounded down: -1 and 500,000,000 are half a second before zero.
  const bool negative = x.seconds < 0;
  std::int64_t seconds = x.seconds;
  std::int64_t nanos = x.nanoseconds;
  if (negative && nanos > 0) {
    seconds += 1;
    nanos = kNanos - nanos;
  }
  if (negative) out += '-';
  out += std::to_string(seconds < 0 ? -seconds : seconds);
  append_fraction(out, nanos);
  out += 'S';
}

std::int64_t parse_date(std::string_view text) {
  Reader in(text);
  const std::int64_t days = in.date();
  in.need_end();
  return days;
}

std::int64_t parse_local_time(std::string_view text) {
  Reader in(text);
  const std::int64_t t = in.clock();
  in.need_end();
  return t;
}

StoredTime parse_time(std::string_view text) {
  Reader in(text);
  const std::int64_t t = in.clock();
  const std::int32_t offset = in.offset();
  in.need_end();
  return {t, offset};
}

StoredLocalDateTime parse_local_datetime(std::string_view text) {
  Reader in(text);
  const std::int64_t days = in.date();
  in.need('T');
  const std::int64_t t = in.clock();
  in.need_end();
  return {days * kDay + t / kNanos, static_cast<std::int32_t>(t % kNanos)};
}

StoredDateTime parse_datetime(std::string_view text) {
  Reader in(text);
  const std::int64_t days = in.date();
  in.need('T');
  const std::int64_t t = in.clock();
  const std::int32_t offset = in.offset();
  const auto zone = in.zone();
  in.need_end();
  return {days * kDay + t / kNanos - offset, static_cast<std::int32_t>(t % kNanos), offset, zone};
}

StoredDuration parse_duration(std::string_view text) {
  Reader in(text);
  StoredDuration d{0, 0, 0, 0};
  in.need('P');
  bool negative = in.minus();
  bool time = in.take('T');
  if (!time) {
    std::int64_t x = signed_number(in, negative);
    if (in.take('M')) {
      d.months = x;
      if (in.at_end()) return d;
      time = in.take('T');
      if (!time) x = signed_number(in, in.minus());
    }
    if (!time) {
      in.need('D');
      d.days = x;
      if (in.at_end()) return d;
      in.need('T');
    }
  }
  negative = in.minus();
  d.seconds = signed_number(in, negative);
  d.nanoseconds = static_cast<std::int32_t>(in.fraction());
  if (negative && d.nanoseconds > 0) {
    d.seconds -= 1;
    d.nanoseconds = static_cast<std::int32_t>(kNanos) - d.nanoseconds;
  }
  in.need('S');
  in.need_end();
  return d;
}

}  // namespace rv::graph
