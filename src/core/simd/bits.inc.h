// Bit kernels: VPOPCNTDQ, the POPCNT instruction, or bit arithmetic.
namespace rv::simd::detail {
namespace {

inline std::uint64_t word(const std::uint8_t* p) {
  std::uint64_t w;
  __builtin_memcpy(&w, p, sizeof w);
  return w;
}
inline std::uint64_t word_tail(const std::uint8_t* p, std::size_t r) {
  std::uint64_t w = 0;
  for (std::size_t i = 0; i < r; ++i) w |= static_cast<std::uint64_t>(p[i]) << (8 * i);
  return w;
}

inline std::uint64_t count(std::uint64_t w) {
#if defined(__POPCNT__) || defined(__aarch64__)
  return static_cast<std::uint64_t>(__builtin_popcountll(w));
#else  // the baseline has no POPCNT: add bits in pairs, nibbles, bytes
  w -= (w >> 1) & 0x5555555555555555ULL;
  w = (w & 0x3333333333333333ULL) + ((w >> 2) & 0x3333333333333333ULL);
  w = (w + (w >> 4)) & 0x0F0F0F0F0F0F0F0FULL;
  return (w * 0x0101010101010101ULL) >> 56;
#endif
}

#if defined(__AVX512VPOPCNTDQ__)

inline __m512i bytes(const std::uint8_t* p, std::size_t r) {
  return _mm512_maskz_loadu_epi8(
      r >= 64 ? ~static_cast<__mmask64>(0) : (static_cast<__mmask64>(1) << r) - 1u, p);
}
std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
  __m512i s = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 64)
    s = _mm512_add_epi64(
        s, _mm512_popcnt_epi64(_mm512_xor_si512(bytes(a + i, n - i), bytes(b + i, n - i))));
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(s));
}
OverlapCounts overlap(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
  __m512i both = _mm512_setzero_si512(), either = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += 64) {
    const __m512i x = bytes(a + i, n - i), y = bytes(b + i, n - i);
    both = _mm512_add_epi64(both, _mm512_popcnt_epi64(_mm512_and_si512(x, y)));
    either = _mm512_add_epi64(either, _mm512_popcnt_epi64(_mm512_or_si512(x, y)));
  }
  return {static_cast<std::uint64_t>(_mm512_reduce_add_epi64(both)),
          static_cast<std::uint64_t>(_mm512_reduce_add_epi64(either))};
}

#else

std::uint64_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
  std::uint64_t s0 = 0, s1 = 0;
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    s0 += count(word(a + i) ^ word(b + i));
    s1 += count(word(a + i + 8) ^ word(b + i + 8));
  }
  for (; i + 8 <= n; i += 8) s0 += count(word(a + i) ^ word(b + i));
  if (i < n) s1 += count(word_tail(a + i, n - i) ^ word_tail(b + i, n - i));
  return s0 + s1;
}
OverlapCounts overlap(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) {
  OverlapCounts s{0, 0};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    s.both += count(word(a + i) & word(b + i));
    s.either += count(word(a + i) | word(b + i));
  }
  if (i < n) {
    const std::uint64_t x = word_tail(a + i, n - i), y = word_tail(b + i, n - i);
    s.both += count(x & y);
    s.either += count(x | y);
  }
  return s;
}

#endif

}  // namespace
}  // namespace rv::simd::detail
