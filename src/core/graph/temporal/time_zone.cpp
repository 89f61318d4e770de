#include "core/graph/temporal/time_zone.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <system_error>

#include "core/graph/temporal/calendar.h"

namespace rv::graph {
namespace {

std::int64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t x = 0;
  for (std::size_t i = 0; i < size; ++i) x = x << 8 | static_cast<unsigned char>(bytes[at + i]);
  if (size == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(x));
  return static_cast<std::int64_t>(x);
}

struct Counts {
  std::size_t is_utc, is_standard, leaps, times, types, chars;
  std::size_t bytes(std::size_t time_size) const {
    return times * time_size + times + types * 6 + chars + leaps * (time_size + 4) + is_standard +
           is_utc;
  }
};

bool read_counts(std::string_view b, std::size_t at, Counts& c) {
  if (at + 44 > b.size() || b.substr(at, 4) != "TZif") return false;
  const auto n = [&](std::size_t k) {
    return static_cast<std::size_t>(static_cast<std::uint32_t>(big_endian(b, at + 20 + 4 * k, 4)));
  };
  c = {n(0), n(1), n(2), n(3), n(4), n(5)};
  return c.times < 100000 && c.types > 0 && c.types < 256 && c.chars < 100000 && c.leaps < 100000 &&
         c.is_utc < 256 && c.is_standard < 256;
}

class FooterReader {
 public:
  explicit FooterReader(std::string_view text) : t_(text) {}
  bool name() {
    const std::size_t start = i_;
    if (at() == '<') {
      while (i_ < t_.size() && t_[i_] != '>') ++i_;
      ++i_;
    } else {
      while (std::isalpha(static_cast<unsigned char>(at())) != 0) ++i_;
    }
    return i_ > start && i_ <= t_.size();
  }
  bool seconds(std::int32_t& out) {
    int sign = 1;
    if (at() == '-' || at() == '+') sign = t_[i_++] == '-' ? -1 : 1;
    int part[3] = {0, 0, 0};
    for (int k = 0; k < 3; ++k) {
      if (k > 0 && at() != ':') break;
      if (k > 0) ++i_;
      if (!number(part[k])) return false;
    }
    out = sign * (part[0] * 3600 + part[1] * 60 + part[2]);
    return true;
  }
  bool number(int& out) {
    out = 0;
    const std::size_t start = i_;
    for (; at() >= '0' && at() <= '9' && i_ - start < 5; ++i_) out = out * 10 + (at() - '0');
    return i_ > start;
  }
  bool take(char c) {
    if (at() != c) return false;
    ++i_;
    return true;
  }
  char at() const { return i_ < t_.size() ? t_[i_] : '\0'; }
  bool done() const { return i_ >= t_.size(); }

 private:
  std::string_view t_;
  std::size_t i_ = 0;
};

std::string& directory() {
  static auto* path = new std::string("/usr/share/zoneinfo");
  return *path;
}

}  // namespace

bool TimeZone::parse(std::string_view b) {
  Counts c{};
  if (!read_counts(b, 0, c)) return false;
  std::size_t at = 44;
  std::size_t size = 4;
  if (b[4] >= '2') {  // a second block with 64-bit times follows
    at += c.bytes(4);
    if (!read_counts(b, at, c)) return false;
    at += 44;
    size = 8;
  }
  if (at + c.bytes(size) > b.size()) return false;
  const std::size_t indexes = at + c.times * size;
  const std::size_t types = indexes + c.times;
  const auto offset = [&](std::size_t type) {
    return static_cast<std::int32_t>(big_endian(b, types + 6 * type, 4));
  };
  first_ = offset(0);
  for (std::size_t i = 0; i < c.times; ++i) {
    const auto type = static_cast<unsigned char>(b[indexes + i]);
    if (type >= c.types) return false;
    transitions_.push_back(big_endian(b, at + i * size, size));
    offsets_.push_back(offset(type));
  }
  if (!std::is_sorted(transitions_.begin(), transitions_.end())) return false;
  if (size == 4) return true;
  std::string_view footer = b.substr(at + c.bytes(size));
  if (footer.size() < 2 || footer[0] != '\n') return true;
  footer = footer.substr(1, footer.find('\n', 1) - 1);
  return footer.empty() || parse_footer(footer);
}

// CET-1CEST,M3.5.0,M10.5.0/3
bool TimeZone::parse_footer(std::string_view text) {
  FooterReader r(text);
  std::int32_t west = 0;
  if (!r.name() || !r.seconds(west)) return false;
  standard_ = -west;
  summer_ = standard_ + 3600;
  has_rule_ = true;
  if (r.done()) return true;
  if (!r.name()) return false;
  if (r.at() != ',') {
    if (!r.seconds(west)) return false;
    summer_ = -west;
  }
  for (Rule* rule : {&to_summer_, &to_standard_}) {
    if (!r.take(',')) return false;
    if (r.take('M')) {
      rule->kind = Rule::Kind::month_week;
      if (!r.number(rule->month) || !r.take('.') || !r.number(rule->week) || !r.take('.') ||
          !r.number(rule->day) || rule->month < 1 || rule->month > 12 || rule->day > 6)
        return false;
    } else {
      rule->kind = r.take('J') ? Rule::Kind::julian : Rule::Kind::day;
      if (!r.number(rule->day)) return false;
    }
    if (r.take('/') && !r.seconds(rule->time)) return false;
  }
  has_summer_ = true;
  return true;
}

std::int64_t TimeZone::change(const Rule& r, std::int64_t year) const {
  std::int64_t day = calendar::days_of(year, 1, 1);
  switch (r.kind) {
    case Rule::Kind::julian:  // February 29 is never counted
      day += r.day - 1 + (calendar::is_leap(year) && r.day > 59 ? 1 : 0);
      break;
    case Rule::Kind::day:
      day += r.day;
      break;
    case Rule::Kind::month_week: {
      const std::int64_t first = calendar::days_of(year, r.month, 1);
      const int first_weekday = calendar::day_of_week(first) % 7;
      std::int64_t d = first + (r.day - first_weekday + 7) % 7 + std::int64_t{7} * (r.week - 1);
      while (d >= first + calendar::month_length(year, r.month)) d -= 7;
      day = d;
      break;
    }
  }
  return day * calendar::kSecondsPerDay + r.time;
}

std::int32_t TimeZone::offset_by_rule(std::int64_t utc) const {
  if (!has_summer_) return standard_;
  const std::int64_t year =
      calendar::date_of(calendar::floor_div(utc + standard_, calendar::kSecondsPerDay)).year;
  const std::int64_t start = change(to_summer_, year) - standard_;
  const std::int64_t end = change(to_standard_, year) - summer_;
  const bool summer = start < end ? utc >= start && utc < end : utc >= start || utc < end;
  return summer ? summer_ : standard_;
}

std::int32_t TimeZone::offset_at(std::int64_t utc) const {
  const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), utc);
  if (after == transitions_.end() && has_rule_) return offset_by_rule(utc);
  if (after == transitions_.begin()) return first_;
  return offsets_[static_cast<std::size_t>(after - transitions_.begin()) - 1];
}

std::int32_t TimeZone::offset_at_local(std::int64_t local) const {
  // The offset in force a day before (no zone changes twice so fast) and a day after.
  const std::int32_t before = offset_at(local - calendar::kSecondsPerDay);
  if (offset_at(local - before) == before) return before;
  const std::int32_t after = offset_at(local + calendar::kSecondsPerDay);
  if (offset_at(local - after) == after) return after;
  return before;  // skipped
}

namespace {

// The bytes of a file; none when there is no such file, when it is a folder ("Europe/" is a good
// name for one) or cannot be read.
std::string read_file(const std::string& path) {
  constexpr std::uint64_t kLargest = 1 << 20;  // zones take a few kB
  std::error_code failed;
  const std::uint64_t size =
      std::filesystem::is_regular_file(path, failed) ? std::filesystem::file_size(path, failed) : 0;
  if (failed || size > kLargest) return {};
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file ? bytes : std::string();
}

}  // namespace

const TimeZone* find_time_zone(std::string_view name) {
  static auto* zones = new std::map<std::string, std::unique_ptr<TimeZone>, std::less<>>();
  const auto known = zones->find(name);
  if (known != zones->end()) return known->second.get();
  // Names are paths below the directory and must not lead out of it.
  bool good = !name.empty() && name.size() < 64 && name[0] != '/';
  for (const char c : name)
    good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' ||
                    c == '-' || c == '+');
  std::unique_ptr<TimeZone> zone;
  if (good) {
    // The merged zone's file; the zone's own where there is none.
    for (const std::string_view path : {merged_time_zone(name), name}) {
      const std::string bytes = read_file(directory() + "/" + std::string(path));
      zone = std::make_unique<TimeZone>();
      if (zone->parse(bytes)) break;
      zone = nullptr;
    }
  }
  if (zone == nullptr && zones->size() > 2000) return nullptr;
  return zones->emplace(std::string(name), std::move(zone)).first->second.get();
}

void set_time_zone_directory(const std::string& path) { directory() = path; }

}  // namespace rv::graph
