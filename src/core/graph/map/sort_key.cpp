#include "core/graph/map/sort_key.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "core/base/rng.h"
#include "core/graph/map/property_map.h"

namespace rv::graph {
namespace {

template <class T>
void append_big_endian(std::string& out, T x) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(x >> shift & 0xff);
}

void append_signed(std::string& out, std::int64_t x) {
  append_big_endian(out, static_cast<std::uint64_t>(x) ^ (std::uint64_t{1} << 63));
}

void append_double(std::string& out, double x) {
  if (x == 0) x = 0;  // -0.0 equals 0.0
  auto bits = std::bit_cast<std::uint64_t>(x);
  bits ^= bits >> 63 ? ~std::uint64_t{0} : std::uint64_t{1} << 63;
  append_big_endian(out, bits);
}

// The nearest double, then how far the integer is from it: integers that share a double stay
// apart, and each compares with every double as the numbers do.
void append_integer(std::string& out, std::int64_t x) {
  const auto d = static_cast<double>(x);
  append_double(out, d);
  const auto rest = static_cast<__int128>(x) - static_cast<__int128>(d);
  append_big_endian(out, static_cast<std::uint16_t>(rest + 0x8000));
}

void append_string(std::string& out, std::string_view s) {
  out.append(s.substr(0, kMaxKeyString));
  if (s.size() <= kMaxKeyString) return;
  std::uint64_t a = s.size();
  std::uint64_t b = 0x9E3779B97F4A7C15ULL;
  for (std::size_t i = 0; i < s.size(); i += 8) {
    std::uint64_t chunk = 0;
    for (std::size_t j = i; j < std::min(s.size(), i + 8); ++j)
      chunk |= static_cast<std::uint64_t>(static_cast<unsigned char>(s[j])) << (8 * (j - i));
    a = mix64(a ^ chunk);
    b = mix64(b + chunk) ^ a;
  }
  append_big_endian(out, a);
  append_big_endian(out, b);
}

// Self-delimiting: 00 becomes 00 FF and the end is 00 00.
void append_escaped(std::string& out, std::string_view key) {
  for (const char c : key) {
    out += c;
    if (c == '\0') out += '\xff';
  }
  out.append(2, '\0');
}

}  // namespace

std::uint8_t sort_class(PropertyType type) noexcept {
  switch (type) {
    case PropertyType::list:
      return 0x10;
    case PropertyType::vector:
      return 0x14;
    case PropertyType::datetime:
      return 0x18;
    case PropertyType::local_datetime:
      return 0x1c;
    case PropertyType::date:
      return 0x20;
    case PropertyType::time:
      return 0x24;
    case PropertyType::local_time:
      return 0x28;
    case PropertyType::duration:
      return 0x2c;
    case PropertyType::point:
      return 0x30;
    case PropertyType::string:
      return 0x34;
    case PropertyType::boolean:
      return 0x38;
    case PropertyType::integer:
    case PropertyType::floating:
      return 0x3c;
    case PropertyType::null:
      return 0x60;
  }
  return 0x60;
}

void append_sort_key(std::string& out, const PropertyView& value) {
  out += static_cast<char>(sort_class(value.type()));
  switch (value.type()) {
    case PropertyType::null:
      break;
    case PropertyType::boolean:
      out += value.boolean() ? '\1' : '\0';
      break;
    case PropertyType::integer:
      append_integer(out, value.integer());
      break;
    case PropertyType::floating:
      if (std::isnan(value.floating())) {
        out.back() = '\x50';
        break;
      }
      append_double(out, value.floating());
      append_big_endian(out, std::uint16_t{0x8000});
      break;
    case PropertyType::string:
      append_string(out, value.string());
      break;
    case PropertyType::list: {
      // An item starts with 02, the end is 01: a shorter list comes first. Long lists are cut as
      // long strings are.
      std::string items;
      value.for_each_item([&items](const PropertyView& item) {
        std::string key;
        append_sort_key(key, item);
        items += '\2';
        append_escaped(items, key);
      });
      items += '\1';
      append_string(out, items);
      break;
    }
    case PropertyType::vector: {
      std::vector<float> x(value.vector_size());
      value.copy_vector(x.data());
      std::string items;
      for (const float e : x) append_double(items, e);
      append_string(out, items);
      break;
    }
    case PropertyType::date:
      append_signed(out, value.date());
      break;
    case PropertyType::local_time:
      append_signed(out, value.local_time());
      break;
    case PropertyType::time: {
      const auto t = value.time();
      append_signed(out, t.nanoseconds - std::int64_t{t.offset} * 1'000'000'000);
      append_signed(out, t.offset);
      break;
    }
    case PropertyType::local_datetime:
      append_signed(out, value.local_datetime().seconds);
      append_signed(out, value.local_datetime().nanoseconds);
      break;
    case PropertyType::datetime: {
      const auto t = value.datetime();
      append_signed(out, t.seconds);
      append_signed(out, t.nanoseconds);
      append_signed(out, t.offset);
      out += t.zone;
      break;
    }
    case PropertyType::duration: {
      const auto d = value.duration();
      // By average length: a month has 2,629,746 seconds, a day 86,400.
      append_double(out, static_cast<double>(d.months) * 2'629'746.0 +
                             static_cast<double>(d.days) * 86'400.0 +
                             static_cast<double>(d.seconds));
      append_signed(out, d.nanoseconds);
      append_signed(out, d.months);
      append_signed(out, d.days);
      append_signed(out, d.seconds);
      break;
    }
    case PropertyType::point: {
      const auto p = value.point();
      append_signed(out, p.srid);
      append_double(out, p.x);
      append_double(out, p.y);
      append_double(out, p.z);
      break;
    }
  }
}

void append_string_prefix_key(std::string& out, std::string_view prefix) {
  out += static_cast<char>(sort_class(PropertyType::string));
  out.append(prefix.substr(0, kMaxKeyString));
}

}  // namespace rv::graph
