#include "core/graph/eval.h"

namespace rv::graph {

Value* copy_values(std::span<const Value> values, Arena& arena) {
  auto* to = arena.array<Value>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) new (to + i) Value(copy_value(values[i], arena));
  return to;
}

Value copy_value(const Value& v, Arena& arena) {
  switch (v.kind()) {
    case Kind::string:
      return Value::string(arena.copy(v.as_string()));
    case Kind::list:
      return Value::list({copy_values(v.as_list(), arena), v.as_list().size()});
    case Kind::map: {
      const auto from = v.as_map();
      auto* to = arena.array<MapEntry>(from.size());
      for (std::size_t i = 0; i < from.size(); ++i)
        new (to + i) MapEntry{arena.copy(from[i].key), copy_value(from[i].value, arena)};
      return Value::map({to, from.size()});
    }
    case Kind::relationship:
      return Value::relationship(arena.make<RelationshipRef>(v.as_relationship()));
    case Kind::path: {
      const PathData& from = v.as_path();
      auto* to = arena.make<PathData>();
      to->length = from.length;
      to->nodes = arena.copy(std::span<const NodeId>(from.nodes, from.length + 1)).data();
      auto* refs = arena.array<const RelationshipRef*>(from.length);
      for (std::uint32_t i = 0; i < from.length; ++i)
        refs[i] = arena.make<RelationshipRef>(*from.relationships[i]);
      to->relationships = refs;
      return Value::path(to);
    }
    case Kind::datetime: {
      auto* t = arena.make<ZonedDateTime>(v.as_datetime());
      t->zone = arena.copy(t->zone);
      return Value::datetime(t);
    }
    case Kind::duration:
      return Value::duration(arena.make<Duration>(v.as_duration()));
    case Kind::point:
      return Value::point(arena.make<Point>(v.as_point()));
    case Kind::vector:
      return Value::vector(arena.copy(v.as_vector()));
    default:
      return v;
  }
}

}  // namespace rv::graph
