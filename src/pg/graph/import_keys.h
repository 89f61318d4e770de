// Keys by which an import knows its nodes.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/error.h"
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

struct Known {
  std::int64_t id;
  bool ambiguous;
};

class KeyMap {
 public:
  void add(const SourceKey& key, std::int64_t id) {
    const auto note = [id](auto& map, auto k) {
      const auto [it, fresh] = map.emplace(std::move(k), Known{id, false});
      if (!fresh && it->second.id != id) it->second.ambiguous = true;
    };
    if (key.is_integer) {
      note(integers_, key.integer);
    } else {
      note(texts_, std::string(key.text));
    }
  }
  const Known* find(const SourceKey& key) const {
    if (key.is_integer) {
      const auto it = integers_.find(key.integer);
      return it == integers_.end() ? nullptr : &it->second;
    }
    const auto it = texts_.find(std::string(key.text));
    return it == texts_.end() ? nullptr : &it->second;
  }

 private:
  std::unordered_map<std::int64_t, Known> integers_;
  std::unordered_map<std::string, Known> texts_;
};

}  // namespace rv::pg
