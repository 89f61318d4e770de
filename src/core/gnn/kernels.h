// The few loops everything else is made of: float32 runs on the SIMD kernels, float64 (tests) on
// plain loops.
#pragma once

#include <cmath>

#include "core/gnn/tensor.h"
#include "core/simd/distance.h"
#include "core/simd/matrix.h"

namespace rv::gnn {

// A matrix or its transpose, as strides over memory.
template <class T>
struct Strided {
  const T* data;
  std::size_t row_stride, column_stride;
};
template <class T>
Strided<T> plain(const Tensor<T>& t) {
  return {t.data(), t.columns(), 1};
}
template <class T>
Strided<T> transposed(const Tensor<T>& t) {
  return {t.data(), 1, t.columns()};
}

// C[m x n] = or += A[m x k] B[k x n].
void multiply(const Exec& exec, Strided<float> a, Strided<float> b, std::size_t m, std::size_t k,
              std::size_t n, float* c, bool accumulate);
void multiply(const Exec& exec, Strided<double> a, Strided<double> b, std::size_t m, std::size_t k,
              std::size_t n, double* c, bool accumulate);

// out = sum of w[e * w_stride] * x[index[e]], row length n, rows ldx apart; w null: all ones.
inline void gather_sum(const float* x, std::size_t ldx, const std::uint32_t* index, const float* w,
                       std::size_t w_stride, std::size_t count, float* out, std::size_t n) {
  simd::kernels().matrix.gather_sum(x, ldx, index, w, w_stride, count, out, n);
}
inline void gather_sum(const double* x, std::size_t ldx, const std::uint32_t* index,
                       const double* w, std::size_t w_stride, std::size_t count, double* out,
                       std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) out[j] = 0;
  for (std::size_t e = 0; e < count; ++e) {
    const double* row = x + index[e] * ldx;
    const double weight = w == nullptr ? 1.0 : w[e * w_stride];
    for (std::size_t j = 0; j < n; ++j) out[j] += weight * row[j];
  }
}

// out = element-wise maximum of `count` >= 1 rows.
inline void gather_max(const float* x, std::size_t ldx, const std::uint32_t* index,
                       std::size_t count, float* out, std::size_t n) {
  simd::kernels().matrix.gather_max(x, ldx, index, count, out, n);
}
inline void gather_max(const double* x, std::size_t ldx, const std::uint32_t* index,
                       std::size_t count, double* out, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    out[j] = x[index[0] * ldx + j];
    for (std::size_t e = 1; e < count; ++e) out[j] = std::max(out[j], x[index[e] * ldx + j]);
  }
}

inline void add_scaled(float a, const float* x, float* y, std::size_t n) {
  simd::kernels().matrix.add_scaled(a, x, y, n);
}
inline void add_scaled(double a, const double* x, double* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

inline float dot(const float* a, const float* b, std::size_t n) {
  return simd::kernels().inner_product(a, b, n);
}
inline double dot(const double* a, const double* b, std::size_t n) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += a[i] * b[i];
  return s;
}

}  // namespace rv::gnn
