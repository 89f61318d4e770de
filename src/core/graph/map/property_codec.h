// Between stored properties and the engine's values.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/arena.h"
#include "core/graph/map/property_map.h"
#include "core/graph/value.h"

namespace rv::graph {

// The value, with what is large copied into the arena.
Value to_value(const PropertyView& stored, Arena& arena);
// Appends tag and payload; 42804 for maps, nodes, relationships and paths, which no property holds.
void encode_value(std::string& out, const Value& value);

// Numbers for property keys: dense, stable, never forgotten.
class KeyTable {
 public:
  NameId intern(std::string_view key) { return intern(key, hash_key(key)); }
  NameId intern(std::string_view key, std::uint32_t hash);
  const PropertyKey& operator[](NameId id) const { return keys_[static_cast<std::size_t>(id)]; }
  std::size_t size() const noexcept { return keys_.size(); }

 private:
  void grow();
  std::deque<PropertyKey> keys_;
  std::vector<NameId> slots_;  // open addressing by hash; kNoName is free
};

// Every property of a map, by ascending key id.
std::span<const Property> to_properties(const MapView& map, KeyTable& keys, Arena& arena);

}  // namespace rv::graph
