// Rows on their way through a plan: columns of values, addressed by slot.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/value.h"

namespace rv::graph {

inline constexpr std::uint32_t kBatchRows = 1024;

// Borrowed columns; a slot without values is null. Whoever receives a batch may shorten or extend
// it in place until it asks for the next one.
struct Batch {
  explicit Batch(int slots) : columns(static_cast<std::size_t>(slots), nullptr) {}
  Value*& column(int slot) { return columns[static_cast<std::size_t>(slot)]; }
  const Value& at(int slot, std::uint32_t row) const {
    return columns[static_cast<std::size_t>(slot)][row];
  }

  std::vector<Value*> columns;
  std::uint32_t rows = 0;
};

// Room for a column. A few of the usual size are kept for the next query.
Value* take_column(std::uint32_t rows);
void return_column(Value* column, std::uint32_t rows) noexcept;

// A batch that owns the columns of some slots.
class OwnedBatch {
 public:
  OwnedBatch(int slots, std::span<const int> owned, std::uint32_t capacity = kBatchRows)
      : batch(slots), owned_(owned.begin(), owned.end()), capacity_(capacity) {
    for (const int slot : owned_) add(slot);
  }
  // Also owns this slot.
  void add(int slot) {
    if (batch.column(slot) != nullptr) return;
    storage_.emplace_back(take_column(capacity_), Return{capacity_});
    batch.column(slot) = storage_.back().get();
  }
  bool full() const { return batch.rows == capacity_; }
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
  struct Return {
    std::uint32_t capacity;
    void operator()(Value* p) const { return_column(p, capacity); }
  };
  std::vector<int> owned_;
  std::vector<std::unique_ptr<Value, Return>> storage_;
  std::uint32_t capacity_;
};

}  // namespace rv::graph
