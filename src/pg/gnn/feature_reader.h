// Collects the feature column of a node table: vector, halfvec, sparsevec or an array of numbers.
#pragma once

#include <string>
#include <vector>

#include "core/gnn/model.h"
#include "pg/base/guard.h"
#include "pg/gnn/ids.h"

namespace rv::pg {

class FeatureReader {
 public:
  // 42804 when the column's type cannot be features.
  // `rows`: how many to expect, 0 when unknown.
  FeatureReader(Oid relation, const std::string& column, MemoryBudget& budget,
                std::size_t rows = 0);

  // What to select: the column, perhaps cast.
  std::string expression() const;
  // One row; node n of ids has it. NULL, NaN, infinity and another length are errors.
  void add(Datum value, bool null, const IdMap& ids, std::uint32_t n);
  std::size_t columns() const noexcept { return columns_; }  // 0 before the first row
  // The rows, taken in the order of their arrival numbers (empty: as they came). Few non-zero
  // values: sparse.
  gnn::Features<float> take(const std::vector<std::uint32_t>& order);

 private:
  enum class Kind { vector, halfvec, sparsevec, array };
  void add_dense(const float* x, std::size_t n, const IdMap& ids, std::uint32_t node);
  void check_columns(std::size_t n, const IdMap& ids, std::uint32_t node);
  float* new_row();

  std::string column_;
  MemoryBudget& budget_;
  Kind kind_;
  std::size_t expected_;
  std::size_t columns_ = 0, rows_ = 0;
  std::size_t sampled_ = 0, nonzero_ = 0;  // of every 16th row
  gnn::Tensor<float> dense_;               // grown by doubling
  gnn::Csr<float> sparse_;
  gnn::Charge sparse_charge_;
  std::size_t sparse_charged_ = 0;
};

}  // namespace rv::pg
