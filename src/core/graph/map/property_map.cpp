#include "core/graph/map/property_map.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::graph {
namespace {

constexpr std::uint32_t kVersion = 1;

std::uint32_t read_u32(const std::byte* p) noexcept {
  std::uint32_t x;
  std::memcpy(&x, p, sizeof x);
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap32(x);
  return x;
}

void append_u32(std::string& out, std::uint32_t x) {
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap32(x);
  char bytes[4];
  std::memcpy(bytes, &x, sizeof x);
  out.append(bytes, sizeof x);
}

[[noreturn]] void fail_corrupted(const char* what) {
  throw Error(ErrorCode::corrupted_data, std::string("stored cypher_map ") + what);
}

void append_varint(std::string& out, std::size_t x) {
  for (; x >= 0x80; x >>= 7) out.push_back(static_cast<char>(0x80 | (x & 0x7f)));
  out.push_back(static_cast<char>(x));
}

struct Split {
  std::string_view key;
  std::span<const std::byte> encoded;
};

Split split_record(std::span<const std::byte> record) {
  std::size_t length = 0;
  std::size_t at = 0;
  for (int shift = 0;; shift += 7) {
    if (at == record.size() || shift > 14) fail_corrupted("has a key without an end");
    const auto b = static_cast<std::size_t>(record[at++]);
    length |= (b & 0x7f) << shift;
    if (b < 0x80) break;
  }
  if (length > record.size() - at) fail_corrupted("has a key longer than its record");
  return {{reinterpret_cast<const char*>(record.data()) + at, length}, record.subspan(at + length)};
}

}  // namespace

std::uint32_t hash_key(std::string_view key) noexcept {
  std::uint64_t h = key.size();
  for (std::size_t i = 0; i < key.size(); i += 8) {
    std::uint64_t chunk = 0;
    for (std::size_t j = i; j < std::min(key.size(), i + 8); ++j)
      chunk |= static_cast<std::uint64_t>(static_cast<unsigned char>(key[j])) << (8 * (j - i));
    h = mix64(h ^ chunk);
  }
  return static_cast<std::uint32_t>(h >> 32);
}

PropertyKey::PropertyKey(std::string_view key) : name(key), hash(hash_key(key)) {}

MapView::MapView(std::span<const std::byte> bytes) : bytes_(bytes) {
  if (bytes.empty()) return;
  if (bytes.size() < 4) fail_corrupted("ends inside its header");
  const std::uint32_t header = read_u32(bytes.data());
  if (header >> 24 != kVersion) fail_corrupted("is of an unknown version");
  count_ = header & 0xffffff;
  records_ = 4 + 8 * count_;
  if (records_ > bytes.size()) fail_corrupted("ends inside its directory");
}

std::uint32_t MapView::hash_at(std::size_t i) const noexcept {
  return read_u32(bytes_.data() + 4 + 8 * i);
}

std::span<const std::byte> MapView::record(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : read_u32(bytes_.data() + 8 * i);
  const std::size_t end = read_u32(bytes_.data() + 8 + 8 * i);
  if (begin > end || end > bytes_.size() - records_) fail_corrupted("has a record outside it");
  return bytes_.subspan(records_ + begin, end - begin);
}

std::optional<PropertyView> MapView::find(const PropertyKey& key) const {
  std::size_t i = 0;
  if (count_ > 16) {  // binary search pays only in large maps
    std::size_t length = count_;
    while (length > 0) {
      const std::size_t half = length / 2;
      if (hash_at(i + half) < key.hash) {
        i += half + 1;
        length -= half + 1;
      } else {
        length = half;
      }
    }
  }
  for (; i < count_; ++i) {
    const std::uint32_t hash = hash_at(i);
    if (hash < key.hash) continue;
    if (hash > key.hash) break;
    const Split s = split_record(record(i));
    if (s.key == key.name) return PropertyView::decode(s.encoded);
  }
  return std::nullopt;
}

MapView::Entry MapView::entry(std::size_t i) const {
  const Split s = split_record(record(i));
  return {s.key, PropertyView::decode(s.encoded), s.encoded};
}

std::vector<MapView::Entry> MapView::sorted_by_key() const {
  std::vector<Entry> entries;
  entries.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) entries.push_back(entry(i));
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return entries;
}

void MapView::check() const {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto bytes = record(i);
    end += bytes.size();
    const Entry e = entry(i);
    if (e.key.size() > kMaxKeyBytes) fail_corrupted("has a key that is too long");
    if (hash_at(i) != hash_key(e.key)) fail_corrupted("has a key under a wrong hash");
    if (e.value.type() == PropertyType::null) fail_corrupted("holds a null");
    check_property(e.value);
    if (i == 0) continue;
    if (hash_at(i - 1) > hash_at(i) || (hash_at(i - 1) == hash_at(i) && entry(i - 1).key >= e.key))
      fail_corrupted("is not sorted");
  }
  if (!bytes_.empty() && (count_ == 0 || records_ + end != bytes_.size()))
    fail_corrupted("does not end where its records end");
}

std::string& MapBuilder::set(std::string_view key) {
  if (key.size() > kMaxKeyBytes)
    throw Error(ErrorCode::limit_exceeded, "property name of " + std::to_string(key.size()) +
                                               " bytes exceeds the limit of " +
                                               std::to_string(kMaxKeyBytes));
  const std::uint32_t hash = hash_key(key);
  for (auto& e : entries_) {
    if (e.hash != hash || e.key != key) continue;
    e.encoded.clear();
    return e.encoded;
  }
  if (entries_.size() >= kMaxProperties)
    throw Error(ErrorCode::limit_exceeded,
                "more than " + std::to_string(kMaxProperties) + " properties");
  if (entries_.capacity() == 0) entries_.reserve(8);
  return entries_.emplace_back(Pending{hash, std::string(key), {}}).encoded;
}

void MapBuilder::set_encoded(std::string_view key, std::span<const std::byte> encoded) {
  set(key).assign(reinterpret_cast<const char*>(encoded.data()), encoded.size());
}

void MapBuilder::remove(std::string_view key) {
  std::erase_if(entries_, [key](const Pending& e) { return e.key == key; });
}

void MapBuilder::add_all(const MapView& map) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto e = map.entry(i);
    set_encoded(e.key, e.encoded);
  }
}

void MapBuilder::finish(std::string& out) {
  if (entries_.empty()) return;
  std::sort(entries_.begin(), entries_.end(), [](const Pending& a, const Pending& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.key < b.key;
  });
  std::string records;
  std::size_t size = 0;
  for (const auto& e : entries_) size += e.key.size() + e.encoded.size() + 3;
  if (size > 0x3fff0000)
    throw Error(ErrorCode::limit_exceeded,
                "properties of " + std::to_string(size) + " bytes exceed the limit of 1 GB");
  records.reserve(size);
  append_u32(out, kVersion << 24 | static_cast<std::uint32_t>(entries_.size()));
  for (const auto& e : entries_) {
    append_varint(records, e.key.size());
    records += e.key;
    records += e.encoded;
    append_u32(out, e.hash);
    append_u32(out, static_cast<std::uint32_t>(records.size()));
  }
  out += records;
}

}  // namespace rv::graph
