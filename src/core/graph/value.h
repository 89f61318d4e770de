// A Cypher value: 16 bytes, a kind and a payload. Small values live inside, larger ones in an Arena
// that must outlive the value. Trivially copyable.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace rv::graph {

using NodeId = std::int64_t;
using RelationshipId = std::int64_t;
// An interned label, relationship type or property key of one graph. Never negative for a name
// that exists.
using NameId = std::int32_t;
inline constexpr NameId kNoName = -1;

enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,   // 64 bits, signed
  floating,  // IEEE double
  string,    // UTF-8
  list,
  map,
  node,
  relationship,
  path,
  date,
  local_time,
  time,
  local_datetime,
  datetime,
  duration,
  point,
  vector,  // float32
};

// A relationship's identity and ends, without its properties.
struct RelationshipRef {
  RelationshipId id;
  NodeId source;
  NodeId target;
  NameId type;
};

// Nodes and relationships in the order of travel; one node more than relationships.
struct PathData {
  std::uint32_t length;  // relationships
  const NodeId* nodes;
  const RelationshipRef* const* relationships;
};

// A moment with a zone. `seconds` counts from 1970-01-01T00:00:00Z.
struct ZonedDateTime {
  std::int64_t seconds;
  std::int32_t nanoseconds;     // 0 to 999,999,999
  std::int32_t offset_seconds;  // east of Greenwich, what the zone says at this moment
  std::string_view zone;        // an IANA name, empty when only an offset was given
};

// Four independent parts: a month has no fixed number of days, a day none of seconds.
struct Duration {
  std::int64_t months;
  std::int64_t days;
  std::int64_t seconds;
  std::int32_t nanoseconds;  // 0 to 999,999,999, also when seconds is negative
};

struct Point {
  std::int32_t srid;  // 7203 cartesian, 9157 cartesian-3d, 4326 wgs-84, 4979 wgs-84-3d
  double x, y, z;     // z is 0 in two dimensions
  bool has_z() const noexcept { return srid == 9157 || srid == 4979; }
  bool geographic() const noexcept { return srid == 4326 || srid == 4979; }
};

struct MapEntry;

class Value {
 public:
  Value() noexcept : kind_(Kind::null), small_(0), bits_(0) {}

  static Value null() noexcept { return {}; }
  static Value boolean(bool b) noexcept { return {Kind::boolean, 0, b ? 1U : 0U}; }
  static Value integer(std::int64_t i) noexcept {
    return {Kind::integer, 0, std::bit_cast<std::uint64_t>(i)};
  }
  static Value floating(double d) noexcept {
    return {Kind::floating, 0, std::bit_cast<std::uint64_t>(d)};
  }
  static Value string(std::string_view s) noexcept {
    return {Kind::string, static_cast<std::uint32_t>(s.size()), address(s.data())};
  }
  static Value list(std::span<const Value> items) noexcept {
    return {Kind::list, static_cast<std::uint32_t>(items.size()), address(items.data())};
  }
  // Entries sorted by key (as bytes), each key once.
  static Value map(std::span<const MapEntry> entries) noexcept;
  static Value node(NodeId id) noexcept {
    return {Kind::node, 0, std::bit_cast<std::uint64_t>(id)};
  }
  static Value relationship(const RelationshipRef* r) noexcept {
    return {Kind::relationship, 0, address(r)};
  }
  static Value path(const PathData* p) noexcept { return {Kind::path, 0, address(p)}; }
  // Days since 1970-01-01, proleptic Gregorian calendar.
  static Value date(std::int64_t days) noexcept {
    return {Kind::date, 0, std::bit_cast<std::uint64_t>(days)};
  }
  // Nanoseconds since midnight.
  static Value local_time(std::int64_t nanoseconds) noexcept {
    return {Kind::local_time, 0, std::bit_cast<std::uint64_t>(nanoseconds)};
  }
  // Nanoseconds since local midnight, and the offset of that local time.
  static Value time(std::int64_t nanoseconds, std::int32_t offset_seconds) noexcept {
    return {Kind::time, static_cast<std::uint32_t>(offset_seconds),
            std::bit_cast<std::uint64_t>(nanoseconds)};
  }
  // Seconds since 1970-01-01T00:00:00 on the local clock.
  static Value local_datetime(std::int64_t seconds, std::int32_t nanoseconds) noexcept {
    return {Kind::local_datetime, static_cast<std::uint32_t>(nanoseconds),
            std::bit_cast<std::uint64_t>(seconds)};
  }
  static Value datetime(const ZonedDateTime* t) noexcept { return {Kind::datetime, 0, address(t)}; }
  static Value duration(const Duration* d) noexcept { return {Kind::duration, 0, address(d)}; }
  static Value point(const Point* p) noexcept { return {Kind::point, 0, address(p)}; }
  static Value vector(std::span<const float> v) noexcept {
    return {Kind::vector, static_cast<std::uint32_t>(v.size()), address(v.data())};
  }

  Kind kind() const noexcept { return kind_; }
  bool is(Kind k) const noexcept { return kind_ == k; }
  bool is_null() const noexcept { return kind_ == Kind::null; }
  bool is_true() const noexcept { return kind_ == Kind::boolean && bits_ != 0; }
  bool is_number() const noexcept { return kind_ == Kind::integer || kind_ == Kind::floating; }
  bool is_temporal() const noexcept { return kind_ >= Kind::date && kind_ <= Kind::duration; }

  // Each accessor requires the kind of its name.
  bool as_boolean() const noexcept { return bits_ != 0; }
  std::int64_t as_integer() const noexcept { return std::bit_cast<std::int64_t>(bits_); }
  double as_floating() const noexcept { return std::bit_cast<double>(bits_); }
  // A number of either kind as a double.
  double as_double() const noexcept {
    return kind_ == Kind::integer ? static_cast<double>(as_integer()) : as_floating();
  }
  std::string_view as_string() const noexcept { return {pointer<char>(), small_}; }
  std::span<const Value> as_list() const noexcept { return {pointer<Value>(), small_}; }
  std::span<const MapEntry> as_map() const noexcept;
  NodeId as_node() const noexcept { return std::bit_cast<NodeId>(bits_); }
  const RelationshipRef& as_relationship() const noexcept { return *pointer<RelationshipRef>(); }
  const PathData& as_path() const noexcept { return *pointer<PathData>(); }
  std::int64_t as_date() const noexcept { return as_integer(); }
  std::int64_t time_nanoseconds() const noexcept { return as_integer(); }  // local_time and time
  std::int32_t time_offset() const noexcept { return static_cast<std::int32_t>(small_); }
  std::int64_t local_seconds() const noexcept { return as_integer(); }  // local_datetime
  std::int32_t local_nanoseconds() const noexcept { return static_cast<std::int32_t>(small_); }
  const ZonedDateTime& as_datetime() const noexcept { return *pointer<ZonedDateTime>(); }
  const Duration& as_duration() const noexcept { return *pointer<Duration>(); }
  const Point& as_point() const noexcept { return *pointer<Point>(); }
  std::span<const float> as_vector() const noexcept { return {pointer<float>(), small_}; }

 private:
  Value(Kind kind, std::uint32_t small, std::uint64_t bits) noexcept
      : kind_(kind), small_(small), bits_(bits) {}
  static std::uint64_t address(const void* p) noexcept {
    return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(p));
  }
  template <class T>
  const T* pointer() const noexcept {
    return reinterpret_cast<const T*>(static_cast<std::uintptr_t>(bits_));
  }

  Kind kind_;
  std::uint32_t small_;  // length, offset or nanoseconds
  std::uint64_t bits_;
};

struct MapEntry {
  std::string_view key;
  Value value;
};

inline Value Value::map(std::span<const MapEntry> entries) noexcept {
  return {Kind::map, static_cast<std::uint32_t>(entries.size()), address(entries.data())};
}
inline std::span<const MapEntry> Value::as_map() const noexcept {
  return {pointer<MapEntry>(), small_};
}

static_assert(sizeof(Value) == 16 && std::is_trivially_copyable_v<Value>);

// A property of a stored node or relationship; its value is never null, a map or an entity.
struct Property {
  NameId key;
  Value value;
};

}  // namespace rv::graph
