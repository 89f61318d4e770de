#include "core/graph/value_codec.h"

#include <cstring>

#include "core/base/error.h"

namespace rv::graph {
namespace {

template <class T>
void put(std::string& out, const T& v) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

}  // namespace

void append_value(std::string& out, const Value& v) {
  put(out, v.kind());
  switch (v.kind()) {
    case Kind::null:
      return;
    case Kind::string:
      return put_text(out, v.as_string());
    case Kind::list:
      put(out, static_cast<std::uint32_t>(v.as_list().size()));
      for (const Value& item : v.as_list()) append_value(out, item);
      return;
    case Kind::map:
      put(out, static_cast<std::uint32_t>(v.as_map().size()));
      for (const MapEntry& e : v.as_map()) {
        put_text(out, e.key);
        append_value(out, e.value);
      }
      return;
    case Kind::relationship:
      return put(out, v.as_relationship());
    case Kind::path: {
      const PathData& p = v.as_path();
      put(out, p.length);
      for (std::uint32_t i = 0; i <= p.length; ++i) put(out, p.nodes[i]);
      for (std::uint32_t i = 0; i < p.length; ++i) put(out, *p.relationships[i]);
      return;
    }
    case Kind::datetime: {
      const ZonedDateTime& t = v.as_datetime();
      put(out, t.seconds);
      put(out, t.nanoseconds);
      put(out, t.offset_seconds);
      return put_text(out, t.zone);
    }
    case Kind::duration:
      return put(out, v.as_duration());
    case Kind::point:
      return put(out, v.as_point());
    case Kind::vector:
      put(out, static_cast<std::uint32_t>(v.as_vector().size()));
      out.append(reinterpret_cast<const char*>(v.as_vector().data()), v.as_vector().size_bytes());
      return;
    default:  // all of it lies inside
      return put(out, v);
  }
}

template <class T>
T ValueReader::take() {
  if (bytes_.size() < sizeof(T))
    throw Error(ErrorCode::internal, "a row of a temporary file of a query ends too early");
  T v;
  std::memcpy(static_cast<void*>(&v), bytes_.data(), sizeof v);
  bytes_ = bytes_.subspan(sizeof v);
  return v;
}

std::string_view ValueReader::take_text() {
  const auto size = take<std::uint32_t>();
  if (bytes_.size() < size)
    throw Error(ErrorCode::internal, "a row of a temporary file of a query ends too early");
  const std::string_view text = arena_.copy(std::string_view(bytes_.data(), size));
  bytes_ = bytes_.subspan(size);
  return text;
}

Value ValueReader::next() {
  const Kind kind = take<Kind>();
  switch (kind) {
    case Kind::null:
      return Value::null();
    case Kind::string:
      return Value::string(take_text());
    case Kind::list: {
      const auto n = take<std::uint32_t>();
      auto* items = arena_.array<Value>(n);
      for (std::uint32_t i = 0; i < n; ++i) new (items + i) Value(next());
      return Value::list({items, n});
    }
    case Kind::map: {
      const auto n = take<std::uint32_t>();
      auto* entries = arena_.array<MapEntry>(n);
      for (std::uint32_t i = 0; i < n; ++i) {
        const std::string_view key = take_text();
        new (entries + i) MapEntry{key, next()};
      }
      return Value::map({entries, n});
    }
    case Kind::relationship:
      return Value::relationship(arena_.make<RelationshipRef>(take<RelationshipRef>()));
    case Kind::path: {
      auto* p = arena_.make<PathData>();
      p->length = take<std::uint32_t>();
      auto* nodes = arena_.array<NodeId>(std::size_t{p->length} + 1);
      for (std::uint32_t i = 0; i <= p->length; ++i) nodes[i] = take<NodeId>();
      auto* refs = arena_.array<const RelationshipRef*>(p->length);
      for (std::uint32_t i = 0; i < p->length; ++i)
        refs[i] = arena_.make<RelationshipRef>(take<RelationshipRef>());
      p->nodes = nodes;
      p->relationships = refs;
      return Value::path(p);
    }
    case Kind::datetime: {
      auto* t = arena_.make<ZonedDateTime>();
      t->seconds = take<std::int64_t>();
      t->nanoseconds = take<std::int32_t>();
      t->offset_seconds = take<std::int32_t>();
      t->zone = take_text();
      return Value::datetime(t);
    }
    case Kind::duration:
      return Value::duration(arena_.make<Duration>(take<Duration>()));
    case Kind::point:
      return Value::point(arena_.make<Point>(take<Point>()));
    case Kind::vector: {
      const auto n = take<std::uint32_t>();
      auto* floats = arena_.array<float>(n);
      for (std::uint32_t i = 0; i < n; ++i) floats[i] = take<float>();
      return Value::vector({floats, n});
    }
    default:
      return take<Value>();
  }
}

}  // namespace rv::graph
