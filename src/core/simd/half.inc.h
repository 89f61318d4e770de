// binary16 kernels and conversions: F16C where the level has it, bit arithmetic elsewhere.
namespace rv::simd::detail {
namespace {

using Half = std::uint16_t;

inline std::uint32_t bits_of(float f) {
  std::uint32_t u;
  __builtin_memcpy(&u, &f, sizeof u);
  return u;
}
inline float float_of(std::uint32_t u) {
  float f;
  __builtin_memcpy(&f, &u, sizeof f);
  return f;
}

// Normal numbers by scaling the exponent, subnormals by a magic bias; no branch.
inline float widen(Half h) {
  const std::uint32_t w = static_cast<std::uint32_t>(h) << 16;
  const std::uint32_t twice = w + w;
  const float normal = float_of((twice >> 4) + (0xE0u << 23)) * 0x1.0p-112f;
  const float subnormal = float_of((twice >> 17) | (126u << 23)) - 0.5f;
  const std::uint32_t magnitude = twice < (1u << 27) ? bits_of(subnormal) : bits_of(normal);
  return float_of((w & 0x80000000u) | magnitude);
}

// Round to nearest, ties to even; the NaN payload keeps its top bits and becomes quiet, as F16C.
inline Half narrow(float f) {
  const std::uint32_t u = bits_of(f);
  const auto sign = static_cast<Half>((u >> 16) & 0x8000u);
  std::uint32_t x = u & 0x7FFFFFFFu;
  std::uint32_t h;
  if (x > 0x7F800000u) {
    h = 0x7E00u | ((x >> 13) & 0x3FFu);
  } else if (x >= 0x47800000u) {
    h = 0x7C00u;
  } else if (x < 0x38800000u) {  // subnormal half: let the FPU round at the right bit
    h = bits_of(float_of(x) + 0.5f) - (126u << 23);
  } else {
    x += ((15u - 127u) << 23) + 0xFFFu + ((x >> 13) & 1u);
    h = x >> 13;
  }
  return static_cast<Half>(sign | h);
}

inline F load(const Half* p) {
#if defined(__AVX512F__)
  return F(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
#elif defined(__AVX2__)
  return F(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#else
  alignas(64) float wide[kF];
  for (std::size_t i = 0; i < kF; ++i) wide[i] = widen(p[i]);
  return F::load_aligned(wide);
#endif
}

inline F load_tail(const Half* p, std::size_t r) {
#if defined(__AVX512F__)
  return F(_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(static_cast<__mmask16>((1u << r) - 1u), p)));
#else
  Half padded[kF] = {};
  for (std::size_t i = 0; i < r; ++i) padded[i] = p[i];
  return load(padded);
#endif
}

template <class A, class B, class Term>
inline float over(const A* a, const B* b, std::size_t n, Term term) {
  return sum_terms(
      n,
      [&](std::size_t i) {
        return Pair{load(a + i), load(b + i)};
      },
      [&](std::size_t i, std::size_t r) {
        return Pair{load_tail(a + i, r), load_tail(b + i, r)};
      },
      term);
}

float half_l2_squared(const Half* a, const Half* b, std::size_t n) {
  return over(a, b, n, AddSquaredDifference{});
}
float half_inner_product(const Half* a, const Half* b, std::size_t n) {
  return over(a, b, n, AddProduct{});
}
float half_l1(const Half* a, const Half* b, std::size_t n) {
  return over(a, b, n, AddAbsoluteDifference{});
}
CosineSums half_cosine_sums(const Half* a, const Half* b, std::size_t n) {
  return cosine_terms(
      n,
      [&](std::size_t i) {
        return Pair{load(a + i), load(b + i)};
      },
      [&](std::size_t i, std::size_t r) {
        return Pair{load_tail(a + i, r), load_tail(b + i, r)};
      });
}
float mixed_l2_squared(const float* a, const Half* b, std::size_t n) {
  return over(a, b, n, AddSquaredDifference{});
}
float mixed_inner_product(const float* a, const Half* b, std::size_t n) {
  return over(a, b, n, AddProduct{});
}

void half_to_float(const Half* from, float* to, std::size_t n) {
  std::size_t i = 0;
  for (; i + kF <= n; i += kF) load(from + i).store_unaligned(to + i);
  for (; i < n; ++i) to[i] = widen(from[i]);
}

void float_to_half(const float* from, Half* to, std::size_t n) {
  std::size_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__)
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
#endif
  for (; i < n; ++i) to[i] = narrow(from[i]);
}

}  // namespace
}  // namespace rv::simd::detail
