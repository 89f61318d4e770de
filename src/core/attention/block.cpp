#include "core/attention/block.h"

#include "core/simd/distance.h"

namespace rv::attention {

const BlockKernels& block_kernels() noexcept {
#if defined(__x86_64__)
  const simd::Kernels* active = &simd::kernels();
  if (active == &simd::kernels(simd::Level::avx512) ||
      active == &simd::kernels(simd::Level::avx512vnni))
    return detail::block_avx512;
  if (active == &simd::kernels(simd::Level::avx2)) return detail::block_avx2;
#endif
  return detail::block_baseline;
}

}  // namespace rv::attention
