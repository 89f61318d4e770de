// Keys by which an import knows its nodes.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/graph/value.h"

namespace rv::pg {

using graph::Kind;
using graph::Value;

// A node's key in the source: an integer, or a text; a text of digits is the integer.
struct SourceKey {
  bool is_integer;
  std::int64_t integer;
  std::string_view text;
};
inline SourceKey source_key(std::string_view text) {
  std::int64_t x = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), x);
  const bool canonical = r.ec == std::errc() && r.ptr == text.data() + text.size() &&
                         (text.size() == 1 || (text[0] != '0' && text.substr(0, 2) != "-0"));
  return {canonical, x, text};
}
inline SourceKey key_of(const Value& v, const char* column) {
  if (v.is(Kind::integer)) return {true, v.as_integer(), {}};
  if (v.is(Kind::string)) return source_key(v.as_string());
  throw Error(ErrorCode::type_mismatch, std::string("column \"") + column +
                                            "\" of an import must be an integer or a text, "
                                            "and not null");
}

inline std::string key_text(const SourceKey& k) {
  return k.is_integer ? std::to_string(k.integer) : std::string(k.text);
}

// Of a key: its node, or one of several.
struct Known {
  std::int64_t id;
  bool ambiguous;
};

// Integers by open addressing: an import asks for two of them for each of its edges.
class IntegerKeys {
 public:
  void add(std::int64_t key, std::int64_t id) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = *place(key);
    if (slot.known.id == kFree) {
      slot = {key, {id, false}};
      ++count_;
    } else if (slot.known.id != id) {
      slot.known.ambiguous = true;
    }
  }
  const Known* find(std::int64_t key) {
    if (slots_.empty()) return nullptr;
    const Slot* slot = place(key);
    return slot->known.id == kFree ? nullptr : &slot->known;
  }

 private:
  static constexpr std::int64_t kFree = -1;  // ids are not negative
  struct Slot {
    std::int64_t key = 0;
    Known known{kFree, false};
  };
  // Where the key is, or would be. A few keys in sequence lie side by side, as edges name them.
  Slot* place(std::int64_t key) {
    const auto k = static_cast<std::uint64_t>(key);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = ((mix64(k >> 2) << 2) | (k & 3)) & mask;
    while (slots_[at].known.id != kFree && slots_[at].key != key) at = (at + 1) & mask;
    return &slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.known.id != kFree) *place(s.key) = s;
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t count_ = 0;
};

class KeyMap {
 public:
  void add(const SourceKey& key, std::int64_t id) {
    if (key.is_integer) return integers_.add(key.integer, id);
    const auto [it, fresh] = texts_.emplace(std::string(key.text), Known{id, false});
    if (!fresh && it->second.id != id) it->second.ambiguous = true;
  }
  const Known* find(const SourceKey& key) {
    if (key.is_integer) return integers_.find(key.integer);
    const auto it = texts_.find(std::string(key.text));
    return it == texts_.end() ? nullptr : &it->second;
  }

 private:
  IntegerKeys integers_;
  std::unordered_map<std::string, Known> texts_;
};

}  // namespace rv::pg
