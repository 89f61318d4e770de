// cypher_map: the properties of one node or relationship.
//
//   nothing at all                      the empty map
//   u32   version << 24 | count         little endian, as all numbers here
//   count times  { u32 hash; u32 end }  sorted by (hash, key); `end` is where the entry's record
//                                       ends, counted from the start of the records
//   records      { varint length; key bytes; tag; payload }   one after the other
//
// A reader hashes the wanted key once and compares 32-bit numbers; it decodes nothing else. The
// keys are inside, so a value means the same in every graph, dump and replica.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/graph/map/property_value.h"

namespace rv::graph {

inline constexpr std::size_t kMaxKeyBytes = 65535;
inline constexpr std::size_t kMaxProperties = 32'767;

// A key with its hash, to look up in many maps.
struct PropertyKey {
  explicit PropertyKey(std::string_view key);
  std::string name;
  std::uint32_t hash;
};
std::uint32_t hash_key(std::string_view key) noexcept;  // part of the storage format

// A map where it lies; the bytes must outlive it. Everything read is bounds-checked; XX001.
class MapView {
 public:
  explicit MapView(std::span<const std::byte> bytes);

  std::size_t size() const noexcept { return count_; }
  std::optional<PropertyView> find(const PropertyKey& key) const;
  struct Entry {
    std::string_view key;
    PropertyView value;
    std::span<const std::byte> encoded;  // tag and payload
  };
  Entry entry(std::size_t i) const;
  // Entries in the order of their keys, as text shows them.
  std::vector<Entry> sorted_by_key() const;
  // XX001 unless every entry, the order included, is well formed.
  void check() const;

 private:
  std::uint32_t hash_at(std::size_t i) const noexcept;
  std::span<const std::byte> record(std::size_t i) const;

  std::span<const std::byte> bytes_;
  std::size_t count_ = 0;
  std::size_t records_ = 0;  // offset of the records
};

// Collects entries and writes them in the stored form.
class MapBuilder {
 public:
  // Buffer to encode the value of `key` into, with encode_*(). A key set twice: the last wins.
  std::string& set(std::string_view key);
  void set_encoded(std::string_view key, std::span<const std::byte> encoded);
  void remove(std::string_view key);
  void add_all(const MapView& map);
  void clear() noexcept { entries_.clear(); }
  bool empty() const noexcept { return entries_.empty(); }

  // Appends the stored form to `out`; 54000 when it is too large.
  void finish(std::string& out);

 private:
  struct Pending {
    std::uint32_t hash;
    std::string key;
    std::string encoded;
  };
  std::vector<Pending> entries_;
};

}  // namespace rv::graph
