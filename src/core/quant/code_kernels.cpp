#include "core/quant/code_kernels.h"

#include <cstring>

namespace rv::quant {

const CodeKernels& code_kernels(simd::Level level) noexcept {
#if defined(__x86_64__)
  switch (level) {
    case simd::Level::avx512vnni:
      return detail::avx512vnni_code_kernels;
    case simd::Level::avx512:
      return detail::avx512_code_kernels;
    case simd::Level::avx2:
      return detail::avx2_code_kernels;
    case simd::Level::baseline:
      break;
  }
#else
  (void)level;
#endif
  return detail::baseline_code_kernels;
}

const CodeKernels& code_kernels() noexcept { return code_kernels(simd::active_level()); }

std::int32_t pack_column(const std::int8_t* row, std::size_t n, std::size_t column,
                         std::int8_t* packed) {
  std::int8_t* to = packed + (column / 16) * 16 * n + (column % 16) * 4;
  std::int32_t sum = 0;
  for (std::size_t k = 0; k < n; k += 4) {
    std::memcpy(to + k * 16, row + k, 4);
    sum += row[k] + row[k + 1] + row[k + 2] + row[k + 3];
  }
  return sum;
}

}  // namespace rv::quant
