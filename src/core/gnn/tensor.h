// Row-major matrices and compressed sparse rows, in float32 for work and float64 for the tests of
// derivatives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "core/gnn/exec.h"

namespace rv::gnn {

// A matrix that owns its memory, aligned to a cache line and charged to a budget.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  // Not initialised.
  Tensor(std::size_t rows, std::size_t columns, MemoryBudget* budget = nullptr)
      : rows_(rows), columns_(columns), charge_(budget, rows * columns * sizeof(T)) {
    if (size() > 0)
      data_.reset(static_cast<T*>(::operator new (size() * sizeof(T), std::align_val_t{64})));
  }
  static Tensor zeros(std::size_t rows, std::size_t columns, MemoryBudget* budget = nullptr) {
    Tensor t(rows, columns, budget);
    t.fill(T(0));
    return t;
  }
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  std::size_t rows() const noexcept { return rows_; }
  std::size_t columns() const noexcept { return columns_; }
  std::size_t size() const noexcept { return rows_ * columns_; }
  T* data() noexcept { return data_.get(); }
  const T* data() const noexcept { return data_.get(); }
  T* row(std::size_t i) noexcept { return data_.get() + i * columns_; }
  const T* row(std::size_t i) const noexcept { return data_.get() + i * columns_; }
  std::span<const T> span() const noexcept { return {data_.get(), size()}; }
  // Forgets the rows from `rows` on; their memory stays until the end.
  void truncate(std::size_t rows) noexcept { rows_ = std::min(rows_, rows); }
  void fill(T value) noexcept { std::fill_n(data_.get(), size(), value); }
  bool empty() const noexcept { return size() == 0; }

 private:
  struct Free {
    void operator()(T* p) const noexcept { ::operator delete (p, std::align_val_t{64}); }
  };
  std::size_t rows_ = 0, columns_ = 0;
  Charge charge_;
  std::unique_ptr<T, Free> data_;
};

// Compressed sparse rows. For a graph, row i lists the edges that end in node i: index holds where
// they come from, value their weights (empty: all one). Within a row, index ascends.
template <class T>
struct Csr {
  std::size_t rows = 0, columns = 0;
  std::vector<std::size_t> offset{0};  // rows + 1
  std::vector<std::uint32_t> index;
  std::vector<T> value;

  // The same entries by column: t_row ascends within a column, t_edge is the entry's place above.
  std::vector<std::size_t> t_offset;
  std::vector<std::uint32_t> t_row;
  std::vector<std::uint32_t> t_edge;

  std::size_t entries() const noexcept { return index.size(); }
  std::size_t degree(std::size_t row) const noexcept { return offset[row + 1] - offset[row]; }
  T weight(std::size_t e) const noexcept { return value.empty() ? T(1) : value[e]; }
  // Average work of a row whose entries each cost `width` operations.
  std::size_t row_cost(std::size_t width) const noexcept {
    return 2 * width * (1 + entries() / (rows + 1));
  }
  // Fills the t_ arrays; does nothing when they are there.
  void build_transposed() {
    if (!t_offset.empty()) return;
    t_offset.assign(columns + 1, 0);
    for (const std::uint32_t c : index) ++t_offset[c + 1];
    for (std::size_t c = 0; c < columns; ++c) t_offset[c + 1] += t_offset[c];
    t_row.resize(index.size());
    t_edge.resize(index.size());
    std::vector<std::size_t> at(t_offset.begin(), t_offset.end() - 1);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t e = offset[r]; e < offset[r + 1]; ++e) {
        const std::size_t to = at[index[e]]++;
        t_row[to] = static_cast<std::uint32_t>(r);
        t_edge[to] = static_cast<std::uint32_t>(e);
      }
  }
};

}  // namespace rv::gnn
