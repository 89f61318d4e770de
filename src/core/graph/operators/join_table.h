// Rows by the values of their keys, for a hash join.
#pragma once

#include <span>

#include "core/graph/charged_vector.h"
#include "core/graph/eval.h"
#include "core/graph/hash_index.h"
#include "core/graph/value_list.h"

namespace rv::graph {

// Rows of `width` values, the first `keys` of which are what is sought. Of equal keys rows come in
// the order in which they were added.
class JoinTable {
 public:
  static constexpr std::uint32_t kNone = HashIndex::kNone;

  JoinTable(MemoryBudget* budget, std::size_t keys, std::size_t width)
      : keys_(keys), width_(width), arena_(budget), rows_(budget), ends_(budget), index_(budget) {}

  // May a row with these keys meet another one? Null, NaN and what holds them are equal to nothing.
  static bool can_meet(std::span<const Value> keys) noexcept {
    for (const Value& key : keys)
      if (!equals_itself(key)) return false;
    return true;
  }

  // Copies the row, whose keys can meet others.
  void add(std::uint64_t h, std::span<const Value> row) {
    const auto number = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back({copy_values(row, arena_), kNone});
    const auto keys = row.first(keys_);
    const auto [entry, fresh] =
        index_.find_or_add(h, [&](std::uint32_t known) { return has_keys(known, keys); });
    if (fresh) {
      ends_.push_back({number, number});
    } else {
      rows_[ends_[entry].last].next = number;
      ends_[entry].last = number;
    }
  }
  // The first row with these keys, or kNone.
  std::uint32_t find(std::uint64_t h, std::span<const Value> keys) const {
    const std::uint32_t entry =
        index_.find(h, [&](std::uint32_t known) { return has_keys(known, keys); });
    return entry == kNone ? kNone : ends_[entry].first;
  }
  std::uint32_t next(std::uint32_t row) const { return rows_[row].next; }
  std::span<const Value> row(std::uint32_t row) const { return {rows_[row].values, width_}; }
  std::span<const Value> keys_of(std::uint32_t row) const { return {rows_[row].values, keys_}; }

  // Of an empty table.
  void set_width(std::size_t width) noexcept { width_ = width; }
  std::size_t size() const noexcept { return rows_.size(); }
  std::size_t bytes() const noexcept {
    return arena_.bytes() + rows_.bytes() + ends_.bytes() + index_.bytes();
  }
  void clear() noexcept {
    rows_.clear();
    ends_.clear();
    index_.clear();
    arena_.clear();
  }

 private:
  struct Row {
    const Value* values;
    std::uint32_t next;
  };
  struct Ends {
    std::uint32_t first, last;
  };
  bool has_keys(std::uint32_t entry, std::span<const Value> keys) const {
    const Value* known = rows_[ends_[entry].first].values;
    for (std::size_t k = 0; k < keys.size(); ++k)
      if (equals(known[k], keys[k]) != Truth::yes) return false;
    return true;
  }

  std::size_t keys_, width_;
  Arena arena_;
  ChargedVector<Row> rows_;
  ChargedVector<Ends> ends_;  // of the rows with one key
  HashIndex index_;           // of ends_
};

}  // namespace rv::graph
