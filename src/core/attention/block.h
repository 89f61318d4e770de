// Kernels of blockwise attention, per instruction set; chosen with simd::kernels()'s level.
#pragma once

#include <cstddef>

namespace rv::attention {

inline constexpr std::size_t kLanes = 16;  // widths of padded rows are multiples of this

struct BlockKernels {
  float (*largest)(const float* x, std::size_t n);  // n a multiple of kLanes
  // x = exp(x - shift) in place; returns the sum. -infinity gives 0. n a multiple of kLanes.
  float (*exp_sum)(float* x, std::size_t n, float shift);
  void (*scale)(float* x, std::size_t n, float factor);  // n a multiple of kLanes
  // sums += weight * x, any n
  void (*accumulate)(double* sums, double weight, const float* x, std::size_t n);
};

const BlockKernels& block_kernels() noexcept;  // of the level in use

namespace detail {
extern const BlockKernels block_baseline;
extern const BlockKernels block_avx2;
extern const BlockKernels block_avx512;
}  // namespace detail
}  // namespace rv::attention
