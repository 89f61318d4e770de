#include "core/attention/matrix.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.h"

namespace rv::attention {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> view(const Matrix& a) {
  return {a.data.data(), static_cast<Eigen::Index>(a.rows), static_cast<Eigen::Index>(a.cols)};
}
Eigen::Map<RowMajor> view(Matrix& a) {
  return {a.data.data(), static_cast<Eigen::Index>(a.rows), static_cast<Eigen::Index>(a.cols)};
}

void check_inner(std::size_t a, std::size_t b) {
  if (a != b)
    throw Error(ErrorCode::data_exception, "matrix sizes do not fit: " + std::to_string(a) +
                                               " columns against " + std::to_string(b));
}

thread_local const std::function<void()>* current_poll = nullptr;

// compute(first row, rows) for all rows, a few million products at a time.
template <class Compute>
void in_parts(std::size_t rows, std::size_t cost, Compute compute) {
  constexpr std::size_t kProducts = 8 << 20;
  const std::size_t step = std::max<std::size_t>(16, kProducts / std::max<std::size_t>(1, cost));
  for (std::size_t i = 0; i < rows; i += step) {
    poll_now();
    compute(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(std::min(step, rows - i)));
  }
}

}  // namespace

PollDuringProducts::PollDuringProducts(const std::function<void()>& poll) noexcept
    : before_(current_poll) {
  current_poll = &poll;
}
void poll_now() {
  if (current_poll != nullptr && *current_poll) (*current_poll)();
}
PollDuringProducts::~PollDuringProducts() { current_poll = before_; }

Matrix multiply(const Matrix& a, const Matrix& b) {
  check_inner(a.cols, b.rows);
  Matrix out(a.rows, b.cols);
  in_parts(a.rows, a.cols * b.cols, [&](Eigen::Index first, Eigen::Index rows) {
    view(out).middleRows(first, rows).noalias() = view(a).middleRows(first, rows) * view(b);
  });
  return out;
}

Matrix multiply_transposed(const Matrix& a, const Matrix& b) {
  check_inner(a.cols, b.cols);
  Matrix out(a.rows, b.rows);
  in_parts(a.rows, a.cols * b.rows, [&](Eigen::Index first, Eigen::Index rows) {
    view(out).middleRows(first, rows).noalias() =
        view(a).middleRows(first, rows) * view(b).transpose();
  });
  return out;
}

Matrix transposed(const Matrix& a) {
  Matrix out(a.cols, a.rows);
  view(out) = view(a).transpose();
  return out;
}

Matrix columns(const Matrix& a, std::size_t first, std::size_t count) {
  Matrix out(a.rows, count);
  for (std::size_t i = 0; i < a.rows; ++i) std::copy_n(a.row(i) + first, count, out.row(i));
  return out;
}

void place_columns(const Matrix& part, std::size_t first, Matrix& into) {
  for (std::size_t i = 0; i < part.rows; ++i)
    std::copy_n(part.row(i), part.cols, into.row(i) + first);
}

Matrix rows_of(const Matrix& a, std::span<const std::size_t> which) {
  Matrix out(which.size(), a.cols);
  for (std::size_t i = 0; i < which.size(); ++i) std::copy_n(a.row(which[i]), a.cols, out.row(i));
  return out;
}

Matrix stacked(const Matrix& a, const Matrix& b) {
  if (a.empty()) return b;
  check_inner(a.cols, b.cols);
  Matrix out(a.rows + b.rows, a.cols);
  std::copy(a.data.begin(), a.data.end(), out.data.begin());
  std::copy(b.data.begin(), b.data.end(), out.row(a.rows));
  return out;
}

void add_to_rows(Matrix& a, std::span<const double> bias) {
  check_inner(a.cols, bias.size());
  for (std::size_t i = 0; i < a.rows; ++i)
    for (std::size_t j = 0; j < a.cols; ++j) a.at(i, j) += bias[j];
}

void normalize_rows(Matrix& a) {
  for (std::size_t i = 0; i < a.rows; ++i) {
    const double norm = std::sqrt(dot(a.row(i), a.row(i), a.cols));
    if (norm > 0)
      for (std::size_t j = 0; j < a.cols; ++j) a.at(i, j) /= norm;
  }
}

double dot(const double* a, const double* b, std::size_t n) noexcept {
  using V = Eigen::Map<const Eigen::VectorXd>;
  return V(a, static_cast<Eigen::Index>(n)).dot(V(b, static_cast<Eigen::Index>(n)));
}

void add_scaled(double* to, double factor, const double* x, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) to[i] += factor * x[i];
}

void softmax(double* x, std::size_t n) noexcept {
  double top = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < n; ++i) top = std::max(top, x[i]);
  if (!std::isfinite(top)) {
    std::fill_n(x, n, 0.0);
    return;
  }
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += x[i] = std::exp(x[i] - top);
  for (std::size_t i = 0; i < n; ++i) x[i] /= sum;
}

}  // namespace rv::attention
