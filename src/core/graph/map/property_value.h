// One stored property value: a tag byte and a payload, as cypher_map and lists hold it.
//
//   boolean         1 byte, 0 or 1
//   integer         1, 2, 4 or 8 bytes, little endian, sign-extended
//   floating        8 bytes, IEEE binary64
//   string          UTF-8 bytes
//   list            items: u32 length, then tag and payload (length counts both)
//   vector          float32 elements
//   date            i64 days since 1970-01-01
//   local_time      i64 nanoseconds of the day
//   time            i64 nanoseconds of the local day, i32 offset in seconds east of UTC
//   local_datetime  i64 seconds since 1970-01-01T00:00:00, i32 nanoseconds
//   datetime        i64 seconds since the epoch (UTC), i32 nanoseconds, i32 offset, zone name bytes
//   duration        i64 months, i64 days, i64 seconds, i32 nanoseconds
//   point           i32 srid, two or three float64 coordinates
//
// Numbers are little endian whatever the machine; nothing is aligned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rv::graph {

// Part of the storage format: never renumber.
enum class PropertyType : std::uint8_t {
  null = 0,  // only inside lists
  boolean = 1,
  integer = 2,
  floating = 3,
  string = 4,
  list = 5,
  vector = 6,
  date = 7,
  local_time = 8,
  time = 9,
  local_datetime = 10,
  datetime = 11,
  duration = 12,
  point = 13,
};
inline constexpr std::uint8_t kLastPropertyType = 13;
inline constexpr int kMaxListDepth = 32;

const char* property_type_name(PropertyType type) noexcept;

struct StoredTime {
  std::int64_t nanoseconds;
  std::int32_t offset;
};
struct StoredLocalDateTime {
  std::int64_t seconds;
  std::int32_t nanoseconds;
};
struct StoredDateTime {
  std::int64_t seconds;
  std::int32_t nanoseconds;
  std::int32_t offset;
  std::string_view zone;  // empty: the offset alone
};
struct StoredDuration {
  std::int64_t months, days, seconds;
  std::int32_t nanoseconds;
};
struct StoredPoint {
  std::int32_t srid;
  int dimensions;  // 2 or 3
  double x, y, z;
};

// A value where it lies; the bytes must outlive it. The accessors check the payload's size and
// raise XX001 when it does not fit the type.
class PropertyView {
 public:
  // `encoded` is the tag and the payload; XX001 when the tag is unknown or missing.
  static PropertyView decode(std::span<const std::byte> encoded);

  PropertyType type() const noexcept { return type_; }
  std::span<const std::byte> payload() const noexcept { return payload_; }

  bool boolean() const;
  std::int64_t integer() const;
  double floating() const;
  std::string_view string() const noexcept;
  std::size_t vector_size() const;
  void copy_vector(float* out) const;  // vector_size() elements
  std::int64_t date() const;
  std::int64_t local_time() const;
  StoredTime time() const;
  StoredLocalDateTime local_datetime() const;
  StoredDateTime datetime() const;
  StoredDuration duration() const;
  StoredPoint point() const;

  // Calls visit(PropertyView) for each item of a list.
  template <class Visit>
  void for_each_item(Visit&& visit) const {
    std::size_t at = 0;
    while (at < payload_.size()) visit(item_at(at));
  }
  // Reads the item at byte `at` and moves `at` behind it.
  PropertyView item_at(std::size_t& at) const;

 private:
  PropertyView(PropertyType type, std::span<const std::byte> payload) noexcept
      : type_(type), payload_(payload) {}

  PropertyType type_;
  std::span<const std::byte> payload_;
};

// Append one value, tag and payload, to `out`.
void encode_null(std::string& out);
void encode_boolean(std::string& out, bool x);
void encode_integer(std::string& out, std::int64_t x);
void encode_floating(std::string& out, double x);
void encode_string(std::string& out, std::string_view x);
void encode_vector(std::string& out, std::span<const float> x);
void encode_date(std::string& out, std::int64_t days);
void encode_local_time(std::string& out, std::int64_t nanoseconds);
void encode_time(std::string& out, StoredTime x);
void encode_local_datetime(std::string& out, StoredLocalDateTime x);
void encode_datetime(std::string& out, const StoredDateTime& x);
void encode_duration(std::string& out, const StoredDuration& x);
void encode_point(std::string& out, const StoredPoint& x);

// Writes a list item by item: encode_*(list.item(), ...) and then list.end_item().
class ListEncoder {
 public:
  explicit ListEncoder(std::string& out);
  std::string& item();
  void end_item();

 private:
  std::string& out_;
  std::size_t item_start_ = 0;
};

// Raises XX001 when `value`, its items included, is not well formed.
void check_property(const PropertyView& value, int depth = 0);

}  // namespace rv::graph
