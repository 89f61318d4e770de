// int8 kernels: widening multiplies, or VNNI where the level has it. All exact.
namespace rv::simd::detail {
namespace {

#if defined(__AVX512F__)

// 32 bytes widened to 16 bits, the last r masked in when r < 32.
inline __mmask32 first(std::size_t r) {
  return r >= 32 ? 0xFFFFFFFFu : static_cast<__mmask32>((1u << r) - 1u);
}
inline __m512i widen8(const std::int8_t* p, std::size_t r) {
  return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(first(r), p));
}
inline __m512i widen8(const std::uint8_t* p, std::size_t r) {
  return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(first(r), p));
}
template <class A>
inline std::int32_t product8(const A* a, const std::int8_t* b, std::size_t n) {
  __m512i s = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 32)
    s = _mm512_add_epi32(s, _mm512_madd_epi16(widen8(a + i, n - i), widen8(b + i, n - i)));
  return _mm512_reduce_add_epi32(s);
}
std::int32_t int8_l2_squared(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  __m512i s = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 32) {
    const __m512i d = _mm512_sub_epi16(widen8(a + i, n - i), widen8(b + i, n - i));
    s = _mm512_add_epi32(s, _mm512_madd_epi16(d, d));
  }
  return _mm512_reduce_add_epi32(s);
}

#elif defined(__AVX2__)

inline __m256i widen8(const std::int8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline __m256i widen8(const std::uint8_t* p) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline std::int32_t sum32(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1));
  return _mm_cvtsi128_si32(s);
}
template <class A>
inline std::int32_t product8(const A* a, const std::int8_t* b, std::size_t n) {
  __m256i s = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16)
    s = _mm256_add_epi32(s, _mm256_madd_epi16(widen8(a + i), widen8(b + i)));
  std::int32_t r = sum32(s);
  for (; i < n; ++i) r += static_cast<std::int32_t>(a[i]) * b[i];
  return r;
}
std::int32_t int8_l2_squared(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  __m256i s = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i d = _mm256_sub_epi16(widen8(a + i), widen8(b + i));
    s = _mm256_add_epi32(s, _mm256_madd_epi16(d, d));
  }
  std::int32_t r = sum32(s);
  for (; i < n; ++i) {
    const std::int32_t d = a[i] - b[i];
    r += d * d;
  }
  return r;
}

#else

template <class A>
inline std::int32_t product8(const A* a, const std::int8_t* b, std::size_t n) {
  std::int32_t r = 0;
  for (std::size_t i = 0; i < n; ++i) r += static_cast<std::int32_t>(a[i]) * b[i];
  return r;
}
std::int32_t int8_l2_squared(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  std::int32_t r = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t d = a[i] - b[i];
    r += d * d;
  }
  return r;
}

#endif

#if defined(__AVX512VNNI__)

inline __mmask64 first64(std::size_t r) {
  return r >= 64 ? ~static_cast<__mmask64>(0) : (static_cast<__mmask64>(1) << r) - 1u;
}
std::int32_t uint8_int8_inner_product(const std::uint8_t* a, const std::int8_t* b, std::size_t n) {
  __m512i s = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 64)
    s = _mm512_dpbusd_epi32(s, _mm512_maskz_loadu_epi8(first64(n - i), a + i),
                            _mm512_maskz_loadu_epi8(first64(n - i), b + i));
  return _mm512_reduce_add_epi32(s);
}
// a + 128 is unsigned; the surplus 128 * sum(b) is accumulated beside and taken off.
std::int32_t int8_inner_product(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  const __m512i bias = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i s = _mm512_setzero_si512(), surplus = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 64) {
    const __m512i x = _mm512_maskz_loadu_epi8(first64(n - i), a + i);
    const __m512i y = _mm512_maskz_loadu_epi8(first64(n - i), b + i);
    s = _mm512_dpbusd_epi32(s, _mm512_xor_si512(x, bias), y);
    surplus = _mm512_dpbusd_epi32(surplus, bias, y);
  }
  return _mm512_reduce_add_epi32(_mm512_sub_epi32(s, surplus));
}

#else

std::int32_t uint8_int8_inner_product(const std::uint8_t* a, const std::int8_t* b, std::size_t n) {
  return product8(a, b, n);
}
std::int32_t int8_inner_product(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  return product8(a, b, n);
}

#endif

}  // namespace
}  // namespace rv::simd::detail
