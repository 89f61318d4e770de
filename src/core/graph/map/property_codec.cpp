#include "core/graph/map/property_codec.h"

#include <algorithm>

#include "core/base/error.h"

namespace rv::graph {

Value to_value(const PropertyView& stored, Arena& arena) {
  switch (stored.type()) {
    case PropertyType::null:
      return Value::null();
    case PropertyType::boolean:
      return Value::boolean(stored.boolean());
    case PropertyType::integer:
      return Value::integer(stored.integer());
    case PropertyType::floating:
      return Value::floating(stored.floating());
    case PropertyType::string:
      return Value::string(arena.copy(stored.string()));
    case PropertyType::list: {
      std::size_t n = 0;
      stored.for_each_item([&n](const PropertyView&) { ++n; });
      auto* items = arena.array<Value>(n);
      std::size_t i = 0;
      stored.for_each_item([&](const PropertyView& item) { items[i++] = to_value(item, arena); });
      return Value::list({items, n});
    }
    case PropertyType::vector: {
      auto* x = arena.array<float>(stored.vector_size());
      stored.copy_vector(x);
      return Value::vector({x, stored.vector_size()});
    }
    case PropertyType::date:
      return Value::date(stored.date());
    case PropertyType::local_time:
      return Value::local_time(stored.local_time());
    case PropertyType::time: {
      const auto t = stored.time();
      return Value::time(t.nanoseconds, t.offset);
    }
    case PropertyType::local_datetime: {
      const auto t = stored.local_datetime();
      return Value::local_datetime(t.seconds, t.nanoseconds);
    }
    case PropertyType::datetime: {
      const auto t = stored.datetime();
      return Value::datetime(
          arena.make<ZonedDateTime>(t.seconds, t.nanoseconds, t.offset, arena.copy(t.zone)));
    }
    case PropertyType::duration: {
      const auto d = stored.duration();
      return Value::duration(arena.make<Duration>(d.months, d.days, d.seconds, d.nanoseconds));
    }
    case PropertyType::point: {
      const auto p = stored.point();
      return Value::point(arena.make<Point>(p.srid, p.x, p.y, p.z));
    }
  }
  return Value::null();
}

void encode_value(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return encode_null(out);
    case Kind::boolean:
      return encode_boolean(out, value.as_boolean());
    case Kind::integer:
      return encode_integer(out, value.as_integer());
    case Kind::floating:
      return encode_floating(out, value.as_floating());
    case Kind::string:
      return encode_string(out, value.as_string());
    case Kind::list: {
      ListEncoder list(out);
      for (const Value& item : value.as_list()) {
        encode_value(list.item(), item);
        list.end_item();
      }
      return;
    }
    case Kind::vector:
      return encode_vector(out, value.as_vector());
    case Kind::date:
      return encode_date(out, value.as_date());
    case Kind::local_time:
      return encode_local_time(out, value.time_nanoseconds());
    case Kind::time:
      return encode_time(out, {value.time_nanoseconds(), value.time_offset()});
    case Kind::local_datetime:
      return encode_local_datetime(out, {value.local_seconds(), value.local_nanoseconds()});
    case Kind::datetime: {
      const auto& t = value.as_datetime();
      return encode_datetime(out, {t.seconds, t.nanoseconds, t.offset_seconds, t.zone});
    }
    case Kind::duration: {
      const auto& d = value.as_duration();
      return encode_duration(out, {d.months, d.days, d.seconds, d.nanoseconds});
    }
    case Kind::point: {
      const auto& p = value.as_point();
      return encode_point(out, {p.srid, p.has_z() ? 3 : 2, p.x, p.y, p.z});
    }
    case Kind::map:
    case Kind::node:
    case Kind::relationship:
    case Kind::path:
      break;
  }
  throw Error(ErrorCode::type_mismatch, "a property cannot hold a map, node, relationship or path",
              "InvalidPropertyType");
}

NameId KeyTable::intern(std::string_view key, std::uint32_t hash) {
  if (keys_.size() * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const NameId id = slots_[i];
    if (id == kNoName) {
      slots_[i] = static_cast<NameId>(keys_.size());
      keys_.emplace_back(key);
      return slots_[i];
    }
    const PropertyKey& k = keys_[static_cast<std::size_t>(id)];
    if (k.hash == hash && k.name == key) return id;
  }
}

void KeyTable::grow() {
  slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), kNoName);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    std::size_t i = keys_[k].hash & mask;
    while (slots_[i] != kNoName) i = (i + 1) & mask;
    slots_[i] = static_cast<NameId>(k);
  }
}

std::span<const Property> to_properties(const MapView& map, KeyTable& keys, Arena& arena) {
  auto* out = arena.array<Property>(map.size());
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto e = map.entry(i);
    out[i] = {keys.intern(e.key), to_value(e.value, arena)};
  }
  std::sort(out, out + map.size(),
            [](const Property& a, const Property& b) { return a.key < b.key; });
  return {out, map.size()};
}

}  // namespace rv::graph
