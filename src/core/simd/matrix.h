// Dense float32 matrix products and row gathers: what attention and graph networks spend their time
// in. Row-major unless strides say otherwise.
//
// Every element of a product is summed over k in one order, whatever the number of rows a call is
// given: splitting the rows among threads changes no bit of the result.
#pragma once

#include <cstddef>
#include <vector>

#include "core/simd/matrix_kernels.h"

namespace rv::simd {

// B of a product, rearranged once and then read by any number of threads.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  // b(p, j) = b[p * row_stride + j * column_stride], k x n.
  PackedMatrix(const float* b, std::size_t row_stride, std::size_t column_stride, std::size_t k,
               std::size_t n);

  // C[m x n] = or += A[m x k] * B. One thread; call it for ranges of rows from several.
  void multiply(const float* a, std::size_t row_stride, std::size_t column_stride, std::size_t m,
                float* c, std::size_t ldc, bool accumulate) const;

  std::size_t rows() const noexcept { return k_; }
  std::size_t columns() const noexcept { return n_; }
  // Bytes a packed k x n matrix takes, at most.
  static std::size_t bytes(std::size_t k, std::size_t n) noexcept;

 private:
  std::size_t k_ = 0, n_ = 0;
  const MatrixKernels* kernels_ = nullptr;
  std::vector<float> data_;
};

}  // namespace rv::simd
