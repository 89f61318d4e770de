#include "core/simd/matrix.h"

#include <algorithm>

#include "core/simd/distance.h"

namespace rv::simd {
namespace {

// Rows of B a block holds: a panel of them stays in the first-level cache or close to it.
constexpr std::size_t kBlock = 256;
constexpr std::size_t kWidestPanel = 64;

std::size_t padded(std::size_t n, std::size_t panel) noexcept {
  return (n + panel - 1) / panel * panel;
}

}  // namespace

PackedMatrix::PackedMatrix(const float* b, std::size_t row_stride, std::size_t column_stride,
                           std::size_t k, std::size_t n)
    : k_(k), n_(n), kernels_(&kernels().matrix) {
  const std::size_t panel = kernels_->panel;
  data_.assign(k * padded(n, panel), 0.0f);
  float* out = data_.data();
  for (std::size_t k0 = 0; k0 < k; k0 += kBlock) {
    const std::size_t rows = std::min(kBlock, k - k0);
    for (std::size_t j0 = 0; j0 < n; j0 += panel) {
      const std::size_t columns = std::min(panel, n - j0);
      for (std::size_t p = 0; p < rows; ++p) {
        const float* from = b + (k0 + p) * row_stride + j0 * column_stride;
        for (std::size_t j = 0; j < columns; ++j) out[p * panel + j] = from[j * column_stride];
      }
      out += rows * panel;
    }
  }
}

void PackedMatrix::multiply(const float* a, std::size_t row_stride, std::size_t column_stride,
                            std::size_t m, float* c, std::size_t ldc, bool accumulate) const {
  if (k_ == 0 && !accumulate) {
    for (std::size_t i = 0; i < m; ++i) std::fill_n(c + i * ldc, n_, 0.0f);
    return;
  }
  const float* block = data_.data();
  for (std::size_t k0 = 0; k0 < k_; k0 += kBlock) {
    const std::size_t rows = std::min(kBlock, k_ - k0);
    kernels_->multiply_panels(a + k0 * column_stride, row_stride, column_stride, m, block, rows, n_,
                              c, ldc, accumulate || k0 > 0);
    block += rows * padded(n_, kernels_->panel);
  }
}

std::size_t PackedMatrix::bytes(std::size_t k, std::size_t n) noexcept {
  return k * padded(n, kWidestPanel) * sizeof(float);
}

}  // namespace rv::simd
