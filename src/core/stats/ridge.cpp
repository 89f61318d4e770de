#include "core/stats/ridge.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "core/base/error.h"

namespace rv::stats {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Ridge::Ridge(std::size_t dim) : dim_(dim), gram_((dim + 1) * (dim + 1)), right_(dim + 1) {}

void Ridge::add(std::span<const float> x, double y, double weight) {
  const std::size_t d = dim_ + 1;
  for (std::size_t i = 0; i < dim_; ++i) {
    const double xi = weight * static_cast<double>(x[i]);
    double* row = gram_.data() + i * d;
    for (std::size_t j = 0; j <= i; ++j) row[j] += xi * static_cast<double>(x[j]);
    right_[i] += xi * y;
  }
  double* last = gram_.data() + dim_ * d;
  for (std::size_t j = 0; j < dim_; ++j) last[j] += weight * static_cast<double>(x[j]);
  last[dim_] += weight;
  right_[dim_] += weight * y;
  ++rows_;
}

std::vector<double> Ridge::solve(double lambda) const {
  if (!(lambda > 0)) throw Error(ErrorCode::invalid_argument, "ridge penalty must be positive");
  const auto d = static_cast<Eigen::Index>(dim_ + 1);
  std::vector<double> w(dim_ + 1);
  if (rows_ == 0) return w;
  Matrix a = Eigen::Map<const Matrix>(gram_.data(), d, d);
  for (Eigen::Index i = 0; i < d - 1; ++i) a(i, i) += lambda;
  a(d - 1, d - 1) += 1e-9;
  const Eigen::LDLT<Matrix, Eigen::Lower> factor(a);
  Eigen::Map<Eigen::VectorXd>(w.data(), d) =
      factor.solve(Eigen::Map<const Eigen::VectorXd>(right_.data(), d));
  for (const double v : w)
    if (!(v - v == 0))
      throw Error(ErrorCode::out_of_range, "ridge regression has no finite solution");
  return w;
}

double linear(std::span<const double> w, std::span<const float> x) noexcept {
  double s = w[x.size()];
  for (std::size_t i = 0; i < x.size(); ++i) s += w[i] * static_cast<double>(x[i]);
  return s;
}

}  // namespace rv::stats
