// Row-major float64 matrices of the attention engine, and the few operations it needs.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace rv::attention {

struct Matrix {
  std::size_t rows = 0, cols = 0;
  std::vector<double> data;

  Matrix() = default;
  Matrix(std::size_t r, std::size_t c) : rows(r), cols(c), data(r * c, 0.0) {}
  Matrix(std::size_t r, std::size_t c, std::vector<double> values)
      : rows(r), cols(c), data(std::move(values)) {}

  double* row(std::size_t i) noexcept { return data.data() + i * cols; }
  const double* row(std::size_t i) const noexcept { return data.data() + i * cols; }
  std::span<const double> row_view(std::size_t i) const noexcept { return {row(i), cols}; }
  double& at(std::size_t i, std::size_t j) noexcept { return data[i * cols + j]; }
  double at(std::size_t i, std::size_t j) const noexcept { return data[i * cols + j]; }
  bool empty() const noexcept { return data.empty(); }
};

// While it lives, the products of this thread call `poll` (which may throw) every few milliseconds.
// Scopes nest.
class PollDuringProducts {
 public:
  explicit PollDuringProducts(const std::function<void()>& poll) noexcept;
  ~PollDuringProducts();
  PollDuringProducts(const PollDuringProducts&) = delete;
  PollDuringProducts& operator=(const PollDuringProducts&) = delete;

 private:
  const std::function<void()>* before_;
};

// Calls the poll of the scope, if there is one.
void poll_now();

Matrix multiply(const Matrix& a, const Matrix& b);             // a b
Matrix multiply_transposed(const Matrix& a, const Matrix& b);  // a b^T
Matrix transposed(const Matrix& a);
Matrix columns(const Matrix& a, std::size_t first, std::size_t count);
void place_columns(const Matrix& part, std::size_t first, Matrix& into);
Matrix rows_of(const Matrix& a, std::span<const std::size_t> which);
Matrix stacked(const Matrix& a, const Matrix& b);  // a above b
void add_to_rows(Matrix& a, std::span<const double> bias);
// Every row by its Euclidean norm; a zero row stays zero.
void normalize_rows(Matrix& a);

double dot(const double* a, const double* b, std::size_t n) noexcept;
void add_scaled(double* to, double factor, const double* x, std::size_t n) noexcept;
// In place; entries of -infinity get 0, a row of only those all zeros.
void softmax(double* x, std::size_t n) noexcept;

}  // namespace rv::attention
