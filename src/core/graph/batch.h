// Rows on their way through a plan: columns of values, addressed by slot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/graph/block_pool.h"
#include "core/graph/value.h"

namespace rv::graph {

inline constexpr std::uint32_t kBatchRows = 1024;

// Borrowed columns; a slot without values is null. Whoever receives a batch may shorten or extend
// it in place until it asks for the next one.
struct Batch {
  explicit Batch(int slots) : columns(static_cast<std::size_t>(slots)) {}
  Value*& column(int slot) { return columns[static_cast<std::size_t>(slot)]; }
  const Value& at(int slot, std::uint32_t row) const {
    return columns[static_cast<std::size_t>(slot)][row];
  }

  PooledArray<Value*> columns;
  std::uint32_t rows = 0;
};

// A batch that owns the columns of some slots.
class OwnedBatch {
 public:
  OwnedBatch(int slots, std::span<const int> owned, std::uint32_t capacity = kBatchRows)
      : batch(slots), storage_(slots, capacity), owned_(owned.size()) {
    std::copy(owned.begin(), owned.end(), owned_.begin());
    for (const int slot : owned) add(slot);
  }
  // Also owns this slot.
  void add(int slot) {
    if (batch.column(slot) != nullptr) return;
    batch.column(slot) = storage_.make(slot);
  }
  bool full() const { return batch.rows == storage_.capacity; }
  bool owns(int slot) const { return batch.columns[static_cast<std::size_t>(slot)] != nullptr; }
  // Takes over a row of another batch, as far as it has these slots, and returns its number here.
  std::uint32_t append(const Batch& from, std::uint32_t row) {
    for (const int slot : owned_) {
      const Value* source = from.columns[static_cast<std::size_t>(slot)];
      if (source != nullptr) batch.column(slot)[batch.rows] = source[row];
    }
    return batch.rows++;
  }

  Batch batch;

 private:
  struct Storage {
    Storage(int slots, std::uint32_t rows)
        : columns(static_cast<std::size_t>(slots)), capacity(rows) {}
    ~Storage() {
      for (Value* column : columns) return_block(column, capacity * sizeof(Value));
    }
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;
    Value* make(int slot) {
      return columns[static_cast<std::size_t>(slot)] =
                 static_cast<Value*>(take_block(capacity * sizeof(Value)));
    }
    PooledArray<Value*> columns;  // by slot
    std::uint32_t capacity;
  };
  Storage storage_;
  PooledArray<int> owned_;
};

}  // namespace rv::graph
