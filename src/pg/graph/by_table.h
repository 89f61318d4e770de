// What a session keeps of tables, until PostgreSQL tells that one has changed.
#pragma once

#include <cstddef>
#include <unordered_map>

extern "C" {
#include "postgres_ext.h"
}

namespace rv::pg {

template <class T>
class ByTable {
 public:
  // The only one of this kind. Never destroyed: exit() in a backend runs the destructors of
  // statics.
  static ByTable& session() {
    static auto* const it = new ByTable;
    return *it;
  }

  T& operator[](Oid table) { return items_[table]; }
  // Null when nothing is kept.
  T* find(Oid table) {
    const auto at = items_.find(table);
    return at == items_.end() ? nullptr : &at->second;
  }
  // InvalidOid means all tables, as in PostgreSQL's invalidation messages.
  void forget(Oid table) noexcept {
    if (table != InvalidOid) {
      items_.erase(table);
    } else {
      items_.clear();
    }
  }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  // Of pointers to what knows its size.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [table, item] : items_) sum += item->bytes();
    return sum;
  }

 private:
  std::unordered_map<Oid, T> items_;
};

}  // namespace rv::pg
