// Rows kept beyond their batch.
#pragma once

#include <memory>
#include <vector>

#include "core/graph/charged_vector.h"
#include "core/graph/operators/base.h"

namespace rv::graph {

// Copies of rows with a fixed set of slots. Charged to the query's memory.
class RowStore {
  static constexpr std::size_t kBeside = sizeof(void*);  // sorting takes another array of pointers

 public:
  RowStore(Runtime& runtime, std::vector<int> slots)
      : slots_(std::move(slots)),
        arena_(std::make_unique<Arena>(runtime.budget())),
        rows_(runtime.budget(), kBeside) {}
  void clear() {
    rows_.clear();
    arena_->clear();
  }
  void append(const Batch& b, std::uint32_t row) {
    auto* values = arena_->array<Value>(slots_.size());
    for (std::size_t k = 0; k < slots_.size(); ++k) {
      const Value* column = b.columns[static_cast<std::size_t>(slots_[k])];
      new (values + k) Value(column == nullptr ? Value() : copy_value(column[row], *arena_));
    }
    rows_.push_back(values);
  }
  // Becomes `other`, which is left empty.
  void take(RowStore& other) {
    rows_.swap(other.rows_);
    std::swap(arena_, other.arena_);
    other.clear();
  }
  std::size_t size() const { return rows_.size(); }
  const std::vector<int>& slots() const { return slots_; }
  std::vector<const Value*>& rows() { return rows_.all(); }
  std::size_t bytes() const { return arena_->bytes() + rows_.bytes(); }
  // Fills a batch that owns these slots with rows from `from` on; returns how many.
  std::uint32_t fill(OwnedBatch& out, std::size_t from) const {
    out.batch.rows = 0;
    while (!out.full() && from + out.batch.rows < rows_.size()) {
      const Value* row = rows_[from + out.batch.rows];
      for (std::size_t k = 0; k < slots_.size(); ++k)
        out.batch.column(slots_[k])[out.batch.rows] = row[k];
      ++out.batch.rows;
    }
    return out.batch.rows;
  }

 private:
  std::vector<int> slots_;
  std::unique_ptr<Arena> arena_;
  ChargedVector<const Value*> rows_;
};

}  // namespace rv::graph
