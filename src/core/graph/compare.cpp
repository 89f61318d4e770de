#include "core/graph/compare.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <optional>

#include "core/base/rng.h"

namespace rv::graph {
namespace {

template <class T>
int three_way(const T& a, const T& b) noexcept {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Exact, unlike the conversion of the integer to double. `d` is no NaN.
int compare_mixed(std::int64_t i, double d) noexcept {
  if (d >= 9223372036854775808.0) return -1;
  if (d < -9223372036854775808.0) return 1;
  const auto whole = static_cast<std::int64_t>(d);
  if (i != whole) return three_way(i, whole);
  return three_way(0.0, d - static_cast<double>(whole));
}

// Neither is NaN.
int compare_numbers(const Value& a, const Value& b) noexcept {
  if (a.is(Kind::integer))
    return b.is(Kind::integer) ? three_way(a.as_integer(), b.as_integer())
                               : compare_mixed(a.as_integer(), b.as_floating());
  return b.is(Kind::integer) ? -compare_mixed(b.as_integer(), a.as_floating())
                             : three_way(a.as_floating(), b.as_floating());
}

bool is_nan(const Value& v) noexcept { return v.is(Kind::floating) && std::isnan(v.as_floating()); }

int compare_datetimes(const ZonedDateTime& a, const ZonedDateTime& b) noexcept {
  if (const int c = three_way(a.seconds, b.seconds); c != 0) return c;
  return three_way(a.nanoseconds, b.nanoseconds);
}

int compare_times(const Value& a, const Value& b) noexcept {
  const auto utc = [](const Value& v) {
    return v.time_nanoseconds() - std::int64_t{v.time_offset()} * 1'000'000'000;
  };
  return three_way(utc(a), utc(b));
}

int compare_local(const Value& a, const Value& b) noexcept {
  if (const int c = three_way(a.local_seconds(), b.local_seconds()); c != 0) return c;
  return three_way(a.local_nanoseconds(), b.local_nanoseconds());
}

int compare_durations(const Duration& a, const Duration& b) noexcept {
  // By average length; months of 365.2425 / 12 days. Ties by part, so that order() agrees with
  // equivalent().
  const auto length = [](const Duration& d) {
    return static_cast<long double>(d.months) * 2629746.0L +
           static_cast<long double>(d.days) * 86400.0L + static_cast<long double>(d.seconds) +
           static_cast<long double>(d.nanoseconds) / 1e9L;
  };
  if (const int c = three_way(length(a), length(b)); c != 0) return c;
  if (const int c = three_way(a.months, b.months); c != 0) return c;
  if (const int c = three_way(a.days, b.days); c != 0) return c;
  if (const int c = three_way(a.seconds, b.seconds); c != 0) return c;
  return three_way(a.nanoseconds, b.nanoseconds);
}

bool same_durations(const Duration& a, const Duration& b) noexcept {
  return a.months == b.months && a.days == b.days && a.seconds == b.seconds &&
         a.nanoseconds == b.nanoseconds;
}

int compare_strings(std::string_view a, std::string_view b) noexcept {
  const int c = a.compare(b);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

int compare_paths(const PathData& a, const PathData& b) noexcept {
  for (std::uint32_t i = 0;; ++i) {
    if (const int c = three_way(a.nodes[i], b.nodes[i]); c != 0) return c;
    if (i == a.length || i == b.length) return three_way(a.length, b.length);
    if (const int c = three_way(a.relationships[i]->id, b.relationships[i]->id); c != 0) return c;
  }
}

// Comparison of two values of one kind that has an order of its own, else nullopt.
std::optional<int> compare_same(const Value& a, const Value& b) noexcept {
  switch (a.kind()) {
    case Kind::boolean:
      return three_way(a.as_boolean(), b.as_boolean());
    case Kind::string:
      return compare_strings(a.as_string(), b.as_string());
    case Kind::date:
    case Kind::local_time:
      return three_way(a.as_integer(), b.as_integer());
    case Kind::time:
      return compare_times(a, b);
    case Kind::local_datetime:
      return compare_local(a, b);
    case Kind::datetime:
      return compare_datetimes(a.as_datetime(), b.as_datetime());
    default:
      return std::nullopt;
  }
}

Truth equal_lists(std::span<const Value> a, std::span<const Value> b) noexcept {
  if (a.size() != b.size()) return Truth::no;
  Truth out = Truth::yes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Truth t = equals(a[i], b[i]);
    if (t == Truth::no) return t;
    if (t == Truth::unknown) out = t;
  }
  return out;
}

Truth equal_maps(std::span<const MapEntry> a, std::span<const MapEntry> b) noexcept {
  if (a.size() != b.size()) return Truth::no;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].key != b[i].key) return Truth::no;
  Truth out = Truth::yes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Truth t = equals(a[i].value, b[i].value);
    if (t == Truth::no) return t;
    if (t == Truth::unknown) out = t;
  }
  return out;
}

bool same_points(const Point& a, const Point& b) noexcept {
  return a.srid == b.srid && a.x == b.x && a.y == b.y && a.z == b.z;
}

bool same_vectors(std::span<const float> a, std::span<const float> b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

int rank(Kind k) noexcept {
  switch (k) {
    case Kind::map:
      return 0;
    case Kind::node:
      return 1;
    case Kind::relationship:
      return 2;
    case Kind::list:
      return 3;
    case Kind::path:
      return 4;
    case Kind::point:
      return 5;
    case Kind::vector:
      return 6;
    case Kind::datetime:
      return 7;
    case Kind::local_datetime:
      return 8;
    case Kind::date:
      return 9;
    case Kind::time:
      return 10;
    case Kind::local_time:
      return 11;
    case Kind::duration:
      return 12;
    case Kind::string:
      return 13;
    case Kind::boolean:
      return 14;
    case Kind::integer:
    case Kind::floating:
      return 15;
    case Kind::null:
      return 16;
  }
  return 17;
}

int order_maps(std::span<const MapEntry> a, std::span<const MapEntry> b) noexcept {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int c = compare_strings(a[i].key, b[i].key); c != 0) return c;
    if (const int c = order(a[i].value, b[i].value); c != 0) return c;
  }
  return three_way(a.size(), b.size());
}

int order_lists(std::span<const Value> a, std::span<const Value> b) noexcept {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    if (const int c = order(a[i], b[i]); c != 0) return c;
  return three_way(a.size(), b.size());
}

// NaN is one value behind all others.
template <class T>
int order_coordinates(T a, T b) noexcept {
  if (std::isnan(a) || std::isnan(b)) return three_way(std::isnan(a), std::isnan(b));
  return three_way(a, b);
}

int order_points(const Point& a, const Point& b) noexcept {
  if (const int c = three_way(a.srid, b.srid); c != 0) return c;
  if (const int c = order_coordinates(a.x, b.x); c != 0) return c;
  if (const int c = order_coordinates(a.y, b.y); c != 0) return c;
  return order_coordinates(a.z, b.z);
}

int order_vectors(std::span<const float> a, std::span<const float> b) noexcept {
  if (const int c = three_way(a.size(), b.size()); c != 0) return c;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const int c = order_coordinates(a[i], b[i]); c != 0) return c;
  return 0;
}

std::uint64_t mix(std::uint64_t seed, std::uint64_t x) noexcept {
  return mix64(seed ^ (x * 0x9E3779B97F4A7C15ULL));
}

std::uint64_t hash_bytes(std::string_view s) noexcept {
  std::uint64_t h = s.size();
  std::size_t i = 0;
  for (; i + 8 <= s.size(); i += 8) {
    std::uint64_t word;
    __builtin_memcpy(&word, s.data() + i, 8);
    h = mix(h, word);
  }
  std::uint64_t tail = 0;
  if (i < s.size()) __builtin_memcpy(&tail, s.data() + i, s.size() - i);
  return mix(h, tail);
}

std::uint64_t hash_number(double d) noexcept {
  if (std::isnan(d)) return 0x7FF8;
  if (d >= -9223372036854775808.0 && d < 9223372036854775808.0) {
    const auto whole = static_cast<std::int64_t>(d);
    if (static_cast<double>(whole) == d) return static_cast<std::uint64_t>(whole);
  }
  return std::bit_cast<std::uint64_t>(d);
}

}  // namespace

Truth equals(const Value& a, const Value& b) noexcept {
  if (a.is_null() || b.is_null()) return Truth::unknown;
  if (a.is_number() && b.is_number())
    return truth(!is_nan(a) && !is_nan(b) && compare_numbers(a, b) == 0);
  if (a.kind() != b.kind()) return Truth::no;
  switch (a.kind()) {
    case Kind::list:
      return equal_lists(a.as_list(), b.as_list());
    case Kind::map:
      return equal_maps(a.as_map(), b.as_map());
    case Kind::node:
      return truth(a.as_node() == b.as_node());
    case Kind::relationship:
      return truth(a.as_relationship().id == b.as_relationship().id);
    case Kind::path:
      return truth(compare_paths(a.as_path(), b.as_path()) == 0);
    case Kind::duration:
      return truth(same_durations(a.as_duration(), b.as_duration()));
    case Kind::point:
      return truth(same_points(a.as_point(), b.as_point()));
    case Kind::vector:
      return truth(same_vectors(a.as_vector(), b.as_vector()));
    default:
      return truth(*compare_same(a, b) == 0);
  }
}

Truth less(const Value& a, const Value& b) noexcept {
  if (a.is_null() || b.is_null()) return Truth::unknown;
  if (a.is_number() && b.is_number())
    return truth(!is_nan(a) && !is_nan(b) && compare_numbers(a, b) < 0);
  if (a.kind() != b.kind()) return Truth::unknown;
  if (a.is(Kind::list)) {
    const auto x = a.as_list();
    const auto y = b.as_list();
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
      const Truth same = equals(x[i], y[i]);
      if (same == Truth::unknown) return same;
      if (same == Truth::no) return less(x[i], y[i]);
    }
    return truth(x.size() < y.size());
  }
  const auto c = compare_same(a, b);
  return c ? truth(*c < 0) : Truth::unknown;
}

Truth less_or_equal(const Value& a, const Value& b) noexcept {
  if (is_nan(a) || is_nan(b)) return less(a, b);
  if (a.is(Kind::duration) || a.is(Kind::point) || a.is(Kind::map) || a.is(Kind::node) ||
      a.is(Kind::relationship) || a.is(Kind::path) || a.is(Kind::vector)) {
    // Equal values are also at most each other; nothing else is known.
    return a.kind() == b.kind() && equals(a, b) == Truth::yes ? Truth::yes : Truth::unknown;
  }
  return negated(less(b, a));
}

int order(const Value& a, const Value& b) noexcept {
  if (a.is(Kind::integer) && b.is(Kind::integer))
    return a.as_integer() < b.as_integer() ? -1 : a.as_integer() > b.as_integer() ? 1 : 0;
  if (const int c = three_way(rank(a.kind()), rank(b.kind())); c != 0) return c;
  switch (a.kind()) {
    case Kind::null:
      return 0;
    case Kind::integer:
    case Kind::floating: {
      if (is_nan(a) || is_nan(b)) return three_way(is_nan(a), is_nan(b));
      return compare_numbers(a, b);
    }
    case Kind::map:
      return order_maps(a.as_map(), b.as_map());
    case Kind::list:
      return order_lists(a.as_list(), b.as_list());
    case Kind::node:
      return three_way(a.as_node(), b.as_node());
    case Kind::relationship:
      return three_way(a.as_relationship().id, b.as_relationship().id);
    case Kind::path:
      return compare_paths(a.as_path(), b.as_path());
    case Kind::duration:
      return compare_durations(a.as_duration(), b.as_duration());
    case Kind::point:
      return order_points(a.as_point(), b.as_point());
    case Kind::vector:
      return order_vectors(a.as_vector(), b.as_vector());
    default:
      return *compare_same(a, b);
  }
}

bool equivalent(const Value& a, const Value& b) noexcept {
  if (a.kind() == b.kind()) {
    switch (a.kind()) {
      case Kind::integer:
        return a.as_integer() == b.as_integer();
      case Kind::string: {
        const auto x = a.as_string();
        const auto y = b.as_string();
        return x.size() == y.size() && (x.data() == y.data() || x == y);
      }
      case Kind::node:
        return a.as_node() == b.as_node();
      default:
        break;
    }
  }
  return order(a, b) == 0;
}

std::uint64_t hash(const Value& v) noexcept {
  const auto seed = static_cast<std::uint64_t>(rank(v.kind()));
  switch (v.kind()) {
    case Kind::null:
      return seed;
    case Kind::boolean:
      return mix(seed, v.as_boolean() ? 1 : 0);
    case Kind::integer:
      return mix(seed, static_cast<std::uint64_t>(v.as_integer()));
    case Kind::floating:
      return mix(seed, hash_number(v.as_floating()));
    case Kind::string:
      return mix(seed, hash_bytes(v.as_string()));
    case Kind::list: {
      std::uint64_t h = seed;
      for (const Value& item : v.as_list()) h = mix(h, hash(item));
      return h;
    }
    case Kind::map: {
      std::uint64_t h = seed;
      for (const MapEntry& e : v.as_map()) h = mix(mix(h, hash_bytes(e.key)), hash(e.value));
      return h;
    }
    case Kind::node:
      return mix(seed, static_cast<std::uint64_t>(v.as_node()));
    case Kind::relationship:
      return mix(seed, static_cast<std::uint64_t>(v.as_relationship().id));
    case Kind::path: {
      std::uint64_t h = seed;
      const PathData& p = v.as_path();
      for (std::uint32_t i = 0; i <= p.length; ++i)
        h = mix(h, static_cast<std::uint64_t>(p.nodes[i]));
      return h;
    }
    case Kind::date:
    case Kind::local_time:
      return mix(seed, static_cast<std::uint64_t>(v.as_integer()));
    case Kind::time:
      return mix(seed, static_cast<std::uint64_t>(v.time_nanoseconds() -
                                                  std::int64_t{v.time_offset()} * 1'000'000'000));
    case Kind::local_datetime:
      return mix(seed,
                 static_cast<std::uint64_t>(v.local_seconds() * 1'000'003 + v.local_nanoseconds()));
    case Kind::datetime:
      return mix(mix(seed, static_cast<std::uint64_t>(v.as_datetime().seconds)),
                 static_cast<std::uint64_t>(v.as_datetime().nanoseconds));
    case Kind::duration: {
      const Duration& d = v.as_duration();
      const std::uint64_t days =
          mix(mix(seed, static_cast<std::uint64_t>(d.months)), static_cast<std::uint64_t>(d.days));
      return mix(mix(days, static_cast<std::uint64_t>(d.seconds)),
                 static_cast<std::uint64_t>(d.nanoseconds));
    }
    case Kind::point: {
      const Point& p = v.as_point();
      return mix(mix(mix(seed, hash_number(p.x)), hash_number(p.y)), hash_number(p.z));
    }
    case Kind::vector: {
      std::uint64_t h = mix(seed, v.as_vector().size());
      for (const float x : v.as_vector()) h = mix(h, hash_number(static_cast<double>(x)));
      return h;
    }
  }
  return seed;
}

}  // namespace rv::graph
