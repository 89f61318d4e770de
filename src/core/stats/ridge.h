// Ridge regression by its normal equations: (X^T X + lambda I) w = X^T y, the last column of X a
// constant 1 whose weight is not penalised. Several outputs share one factorisation only when all
// of them were observed in the same rows, so each output has its own system.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rv::stats {

class Ridge {
 public:
  // `dim` inputs; the constant is added here.
  explicit Ridge(std::size_t dim);
  void add(std::span<const float> x, double y, double weight = 1.0);
  std::size_t rows() const noexcept { return rows_; }
  // dim + 1 weights, the constant's last. With no rows all zero; lambda > 0.
  std::vector<double> solve(double lambda) const;

 private:
  std::size_t dim_;
  std::size_t rows_ = 0;
  std::vector<double> gram_;   // (dim + 1)^2, lower triangle
  std::vector<double> right_;  // dim + 1
};

// w . [x, 1]
double linear(std::span<const double> w, std::span<const float> x) noexcept;

}  // namespace rv::stats
