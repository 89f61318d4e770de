#include "core/graph/map/property_value.h"

#include <bit>
#include <cstring>

#include "core/base/error.h"
#include "core/graph/map/temporal_text.h"

namespace rv::graph {
namespace {

template <class T>
T little_endian(T x) noexcept {
  if constexpr (std::endian::native == std::endian::big) {
    std::byte bytes[sizeof(T)];
    std::memcpy(bytes, &x, sizeof x);
    for (std::size_t i = 0; i < sizeof(T) / 2; ++i) std::swap(bytes[i], bytes[sizeof(T) - 1 - i]);
    std::memcpy(&x, bytes, sizeof x);
  }
  return x;
}

template <class T>
void append(std::string& out, T x) {
  x = little_endian(x);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &x, sizeof x);
  out.append(bytes, sizeof x);
}

void append_tag(std::string& out, PropertyType type) { out.push_back(static_cast<char>(type)); }

[[noreturn]] void fail_corrupted(PropertyType type, std::size_t size) {
  throw Error(ErrorCode::corrupted_data, std::string("stored ") + property_type_name(type) +
                                             " has a payload of " + std::to_string(size) +
                                             " bytes");
}

template <class T>
T read(std::span<const std::byte> bytes, std::size_t at) noexcept {
  T x;
  std::memcpy(&x, bytes.data() + at, sizeof x);
  return little_endian(x);
}

[[noreturn]] void fail_range(PropertyType type) {
  throw Error(ErrorCode::corrupted_data,
              std::string("stored ") + property_type_name(type) + " is out of range");
}
void check_range(PropertyType type, std::int64_t x, std::int64_t limit) {
  if (x < -limit || x > limit) fail_range(type);
}
void check_nanoseconds(PropertyType type, std::int32_t x) {
  if (x < 0 || x >= 1'000'000'000) fail_range(type);
}
void check_clock(PropertyType type, std::int64_t nanoseconds, std::int32_t offset) {
  if (nanoseconds < 0 || nanoseconds >= 86'400'000'000'000) fail_range(type);
  check_range(type, offset, 18 * 3'600 + 3'599);
}

}  // namespace

const char* property_type_name(PropertyType type) noexcept {
  static constexpr const char* kNames[] = {
      "null", "boolean",    "integer", "float",          "string",   "list",     "vector",
      "date", "local time", "time",    "local datetime", "datetime", "duration", "point"};
  const auto i = static_cast<std::uint8_t>(type);
  return i <= kLastPropertyType ? kNames[i] : "unknown type";
}

PropertyView PropertyView::decode(std::span<const std::byte> encoded) {
  if (encoded.empty()) throw Error(ErrorCode::corrupted_data, "stored property without a type");
  const auto tag = static_cast<std::uint8_t>(encoded[0]);
  if (tag > kLastPropertyType)
    throw Error(ErrorCode::corrupted_data,
                "stored property of unknown type " + std::to_string(tag));
  return {static_cast<PropertyType>(tag), encoded.subspan(1)};
}

bool PropertyView::boolean() const {
  if (payload_.size() != 1) fail_corrupted(type_, payload_.size());
  return payload_[0] != std::byte{0};
}

std::int64_t PropertyView::integer() const {
  switch (payload_.size()) {
    case 1:
      return read<std::int8_t>(payload_, 0);
    case 2:
      return read<std::int16_t>(payload_, 0);
    case 4:
      return read<std::int32_t>(payload_, 0);
    case 8:
      return read<std::int64_t>(payload_, 0);
    default:
      fail_corrupted(type_, payload_.size());
  }
}

double PropertyView::floating() const {
  if (payload_.size() != 8) fail_corrupted(type_, payload_.size());
  return read<double>(payload_, 0);
}

std::string_view PropertyView::string() const noexcept {
  return {reinterpret_cast<const char*>(payload_.data()), payload_.size()};
}

std::size_t PropertyView::vector_size() const {
  if (payload_.size() % sizeof(float) != 0) fail_corrupted(type_, payload_.size());
  return payload_.size() / sizeof(float);
}

void PropertyView::copy_vector(float* out) const {
  const std::size_t n = vector_size();
  if constexpr (std::endian::native == std::endian::little) {
    if (n > 0) std::memcpy(out, payload_.data(), n * sizeof(float));
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = read<float>(payload_, i * sizeof(float));
  }
}

std::int64_t PropertyView::date() const {
  if (payload_.size() != 8) fail_corrupted(type_, payload_.size());
  return read<std::int64_t>(payload_, 0);
}

std::int64_t PropertyView::local_time() const { return date(); }

StoredTime PropertyView::time() const {
  if (payload_.size() != 12) fail_corrupted(type_, payload_.size());
  return {read<std::int64_t>(payload_, 0), read<std::int32_t>(payload_, 8)};
}

StoredLocalDateTime PropertyView::local_datetime() const {
  if (payload_.size() != 12) fail_corrupted(type_, payload_.size());
  return {read<std::int64_t>(payload_, 0), read<std::int32_t>(payload_, 8)};
}

StoredDateTime PropertyView::datetime() const {
  if (payload_.size() < 16) fail_corrupted(type_, payload_.size());
  return {read<std::int64_t>(payload_, 0),
          read<std::int32_t>(payload_, 8),
          read<std::int32_t>(payload_, 12),
          {reinterpret_cast<const char*>(payload_.data()) + 16, payload_.size() - 16}};
}

StoredDuration PropertyView::duration() const {
  if (payload_.size() != 28) fail_corrupted(type_, payload_.size());
  return {read<std::int64_t>(payload_, 0), read<std::int64_t>(payload_, 8),
          read<std::int64_t>(payload_, 16), read<std::int32_t>(payload_, 24)};
}

StoredPoint PropertyView::point() const {
  if (payload_.size() != 20 && payload_.size() != 28) fail_corrupted(type_, payload_.size());
  const int dimensions = payload_.size() == 20 ? 2 : 3;
  return {read<std::int32_t>(payload_, 0), dimensions, read<double>(payload_, 4),
          read<double>(payload_, 12), dimensions == 3 ? read<double>(payload_, 20) : 0.0};
}

PropertyView PropertyView::item_at(std::size_t& at) const {
  if (payload_.size() - at < 4) fail_corrupted(type_, payload_.size());
  const auto length = read<std::uint32_t>(payload_, at);
  if (length > payload_.size() - at - 4) fail_corrupted(type_, payload_.size());
  const auto item = payload_.subspan(at + 4, length);
  at += 4 + length;
  return decode(item);
}

void encode_null(std::string& out) { append_tag(out, PropertyType::null); }

void encode_boolean(std::string& out, bool x) {
  append_tag(out, PropertyType::boolean);
  out.push_back(x ? '\1' : '\0');
}

void encode_integer(std::string& out, std::int64_t x) {
  append_tag(out, PropertyType::integer);
  if (x == static_cast<std::int8_t>(x)) return append(out, static_cast<std::int8_t>(x));
  if (x == static_cast<std::int16_t>(x)) return append(out, static_cast<std::int16_t>(x));
  if (x == static_cast<std::int32_t>(x)) return append(out, static_cast<std::int32_t>(x));
  append(out, x);
}

void encode_floating(std::string& out, double x) {
  append_tag(out, PropertyType::floating);
  append(out, x);
}

void encode_string(std::string& out, std::string_view x) {
  append_tag(out, PropertyType::string);
  out.append(x);
}

void encode_vector(std::string& out, std::span<const float> x) {
  append_tag(out, PropertyType::vector);
  for (const float e : x) append(out, e);
}

void encode_date(std::string& out, std::int64_t days) {
  append_tag(out, PropertyType::date);
  append(out, days);
}

void encode_local_time(std::string& out, std::int64_t nanoseconds) {
  append_tag(out, PropertyType::local_time);
  append(out, nanoseconds);
}

void encode_time(std::string& out, StoredTime x) {
  append_tag(out, PropertyType::time);
  append(out, x.nanoseconds);
  append(out, x.offset);
}

void encode_local_datetime(std::string& out, StoredLocalDateTime x) {
  append_tag(out, PropertyType::local_datetime);
  append(out, x.seconds);
  append(out, x.nanoseconds);
}

void encode_datetime(std::string& out, const StoredDateTime& x) {
  append_tag(out, PropertyType::datetime);
  append(out, x.seconds);
  append(out, x.nanoseconds);
  append(out, x.offset);
  out.append(x.zone);
}

void encode_duration(std::string& out, const StoredDuration& x) {
  append_tag(out, PropertyType::duration);
  append(out, x.months);
  append(out, x.days);
  append(out, x.seconds);
  append(out, x.nanoseconds);
}

void encode_point(std::string& out, const StoredPoint& x) {
  append_tag(out, PropertyType::point);
  append(out, x.srid);
  append(out, x.x);
  append(out, x.y);
  if (x.dimensions == 3) append(out, x.z);
}

ListEncoder::ListEncoder(std::string& out) : out_(out) { append_tag(out, PropertyType::list); }

std::string& ListEncoder::item() {
  item_start_ = out_.size();
  append(out_, std::uint32_t{0});
  return out_;
}

void ListEncoder::end_item() {
  const std::size_t length = out_.size() - item_start_ - 4;
  if (length > 0x3fffffff)
    throw Error(ErrorCode::limit_exceeded,
                "list item of " + std::to_string(length) + " bytes exceeds the limit of 1 GB");
  const auto stored = little_endian(static_cast<std::uint32_t>(length));
  std::memcpy(out_.data() + item_start_, &stored, sizeof stored);
}

void check_property(const PropertyView& value, int depth) {
  if (depth > kMaxListDepth)
    throw Error(ErrorCode::corrupted_data,
                "stored list is nested deeper than " + std::to_string(kMaxListDepth) + " levels");
  switch (value.type()) {
    case PropertyType::null:
      if (!value.payload().empty()) fail_corrupted(value.type(), value.payload().size());
      break;
    case PropertyType::boolean:
      value.boolean();
      break;
    case PropertyType::integer:
      value.integer();
      break;
    case PropertyType::floating:
      value.floating();
      break;
    case PropertyType::string:
      break;
    case PropertyType::list:
      value.for_each_item([depth](const PropertyView& item) { check_property(item, depth + 1); });
      break;
    case PropertyType::vector:
      value.vector_size();
      break;
    case PropertyType::date:
      check_range(value.type(), value.date(), kMaxDays);
      break;
    case PropertyType::local_time:
      check_clock(value.type(), value.local_time(), 0);
      break;
    case PropertyType::time:
      check_clock(value.type(), value.time().nanoseconds, value.time().offset);
      break;
    case PropertyType::local_datetime:
      check_range(value.type(), value.local_datetime().seconds, kMaxDays * 86'400);
      check_nanoseconds(value.type(), value.local_datetime().nanoseconds);
      break;
    case PropertyType::datetime:
      check_range(value.type(), value.datetime().seconds, kMaxDays * 86'400);
      check_nanoseconds(value.type(), value.datetime().nanoseconds);
      check_clock(value.type(), 0, value.datetime().offset);
      break;
    case PropertyType::duration:
      check_nanoseconds(value.type(), value.duration().nanoseconds);
      break;
    case PropertyType::point:
      value.point();
      break;
  }
}

}  // namespace rv::graph
