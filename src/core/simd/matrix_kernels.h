// The table of matrix kernels; core/simd/matrix.h is what callers include.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rv::simd {

// The kernels of one instruction set; a member of Kernels (distance.h).
struct MatrixKernels {
  std::size_t panel;  // columns of B that a tile computes at once

  // C[m x n] = or += A[m x k] * B, with a(i, p) = a[i * row_stride + p * column_stride] and B one
  // packed block of k rows (PackedMatrix), panels one after the other.
  void (*multiply_panels)(const float* a, std::size_t row_stride, std::size_t column_stride,
                          std::size_t m, const float* packed, std::size_t k, std::size_t n,
                          float* c, std::size_t ldc, bool accumulate);
  // out[0, n) = sum over e < count of w[e * w_stride] * x[index[e] * ldx + 0 .. n); w may be null
  // (all ones).
  void (*gather_sum)(const float* x, std::size_t ldx, const std::uint32_t* index, const float* w,
                     std::size_t w_stride, std::size_t count, float* out, std::size_t n);
  // out[0, n) = element-wise maximum of the `count` >= 1 rows of x.
  void (*gather_max)(const float* x, std::size_t ldx, const std::uint32_t* index, std::size_t count,
                     float* out, std::size_t n);
  // y += a * x
  void (*add_scaled)(float a, const float* x, float* y, std::size_t n);
  // x = exp(x - shift); the sum of the results.
  float (*exp_shifted)(float* x, std::size_t n, float shift);
};

}  // namespace rv::simd
