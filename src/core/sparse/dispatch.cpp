#include "core/simd/distance.h"
#include "core/sparse/kernels.h"

namespace rv::sparse {

const Kernels& kernels(int level) noexcept {
#if defined(__x86_64__)
  if (level >= static_cast<int>(simd::Level::avx512)) return detail::avx512_kernels;
  if (level == static_cast<int>(simd::Level::avx2)) return detail::avx2_kernels;
#else
  (void)level;
#endif
  return detail::baseline_kernels;
}

const Kernels& kernels() noexcept {
  const auto* active = &simd::kernels();
  int level = simd::kLevels - 1;
  while (level > 0 && &simd::kernels(static_cast<simd::Level>(level)) != active) --level;
  return kernels(level);
}

}  // namespace rv::sparse
