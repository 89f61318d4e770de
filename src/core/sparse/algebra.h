// Arithmetic on sparse vectors. Results are valid values: what becomes zero is dropped, and a
// result with more entries than the type holds is refused (54000).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/types/sparse.h"

namespace rv::sparse {

// a + b, a - b; 22003 on overflow. Dimensions must be equal.
SparseBuffer add(const SparseView& a, const SparseView& b);
SparseBuffer subtract(const SparseView& a, const SparseView& b);
// Element by element; 22003 on overflow and on underflow, as for dense vectors.
SparseBuffer multiply(const SparseView& a, const SparseView& b);
// Every value times `factor`; 22003 on overflow, 22000 for a factor that is not finite.
SparseBuffer scale(const SparseView& a, double factor);

// The k entries of largest magnitude; of equal ones those with the lower index. 22023 for k < 0.
SparseBuffer top_k(const SparseView& a, int k);
// The entries with |value| >= threshold. 22023 for a threshold that is negative or NaN.
SparseBuffer prune(const SparseView& a, double threshold);
// The entries of `a` at indices that `b` has as well.
SparseBuffer intersection(const SparseView& a, const SparseView& b);

// From coordinates in any order; zeros are dropped. Indices are 1-based, as in the text form. 22000
// for an index outside 1 .. dim, an index twice, NaN and infinity, and lists of different length.
SparseBuffer from_coordinates(std::span<const std::int32_t> indices, std::span<const float> values,
                              int dim);
// The entries of a dense array with |value| > threshold.
SparseBuffer from_dense(std::span<const float> x, double threshold);

// tf * ln(documents / df) for every entry of `tf` that `df` has as well: 22003 where df exceeds the
// number of documents or is not positive.
SparseBuffer tf_idf(const SparseView& tf, const SparseView& df, double documents);

// Float64 sums of many vectors, for sum() and avg().
class Sums {
 public:
  // The dimension of the first vector is that of the sum; 22000 for another.
  void add(const SparseView& v);
  void add(const Sums& other);
  std::int64_t count() const noexcept { return count_; }
  // The sum divided by `divisor`, rounded to float32; 22003 on overflow.
  SparseBuffer divided(double divisor) const;

  // As bytes of this machine, for states that travel between parallel workers.
  std::vector<std::byte> serialize() const;
  static Sums deserialize(std::span<const std::byte> bytes);

 private:
  int dim_ = 0;
  std::int64_t count_ = 0;
  std::vector<std::int32_t> indices_;
  std::vector<double> sums_;
};

}  // namespace rv::sparse
