#if defined(__x86_64__)
#include <immintrin.h>

#include "core/types/sparse_kernels.h"

namespace rv::detail {

std::size_t marked_avx512(const std::uint32_t* marks, const std::int32_t* indices, std::size_t n,
                          std::uint32_t* out) noexcept {
  const __m512i m0 = _mm512_loadu_si512(marks), m1 = _mm512_loadu_si512(marks + 16),
                m2 = _mm512_loadu_si512(marks + 32), m3 = _mm512_loadu_si512(marks + 48);
  const __m512i one = _mm512_set1_epi32(1), upper = _mm512_set1_epi32(kMarkBits / 2);
  const __m512i step = _mm512_set1_epi32(16);
  __m512i position = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; i += 16) {
    const auto lanes = static_cast<__mmask16>(n - i >= 16 ? 0xFFFFu : (1u << (n - i)) - 1);
    const __m512i index = _mm512_maskz_loadu_epi32(lanes, indices + i);
    // Bits 5 to 10 of an index choose the word, of which the permutation takes the lower five.
    const __m512i word = _mm512_srli_epi32(index, 5);
    const __m512i bits = _mm512_mask_blend_epi32(_mm512_test_epi32_mask(index, upper),
                                                 _mm512_permutex2var_epi32(m0, word, m1),
                                                 _mm512_permutex2var_epi32(m2, word, m3));
    // Rotated by the index, of which the lower five bits count.
    const __mmask16 hits = _mm512_mask_test_epi32_mask(lanes, _mm512_rorv_epi32(bits, index), one);
    // Compressed in a register: storing a part of one is slow on some processors.
    _mm512_storeu_si512(out + found, _mm512_maskz_compress_epi32(hits, position));
    found += static_cast<std::size_t>(__builtin_popcount(hits));
    position = _mm512_add_epi32(position, step);
  }
  return found;
}

}  // namespace rv::detail
#endif
