// float32 kernels. Included by kernels.inc.h; see there for the rules.
namespace rv::simd::detail {
namespace {

using F = xsimd::batch<float, RV_ARCH>;
constexpr std::size_t kF = F::size;

#if XSIMD_VERSION_MAJOR >= 9
inline float sum(const F& v) { return xsimd::reduce_add(v); }
#else  // Debian 12 ships xsimd 8.1
inline float sum(const F& v) { return xsimd::hadd(v); }
#endif

inline F load(const float* p) { return F::load_unaligned(p); }

// The last r < kF elements, zeros beyond: a masked load where there is one.
inline F load_tail(const float* p, std::size_t r) {
#if defined(__AVX512F__)
  return F(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << r) - 1u), p));
#elif defined(__AVX2__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(r)), lane);
  return F(_mm256_maskload_ps(p, mask));
#else
  alignas(64) float padded[kF] = {};
  for (std::size_t i = 0; i < r; ++i) padded[i] = p[i];
  return F::load_aligned(padded);
#endif
}

// Sums term(a, b) over n elements in four accumulators; term(0, 0) must be 0.
template <class Load, class Tail, class Term>
inline float sum_terms(std::size_t n, Load at, Tail tail, Term term) {
  F s0(0.f), s1(0.f), s2(0.f), s3(0.f);
  std::size_t i = 0;
  for (; i + 4 * kF <= n; i += 4 * kF) {
    s0 = term(s0, at(i));
    s1 = term(s1, at(i + kF));
    s2 = term(s2, at(i + 2 * kF));
    s3 = term(s3, at(i + 3 * kF));
  }
  for (; i + kF <= n; i += kF) s0 = term(s0, at(i));
  if (i < n) s1 = term(s1, tail(i, n - i));
  return sum((s0 + s1) + (s2 + s3));
}

struct Pair {
  F a, b;
};

struct AddSquaredDifference {
  F operator()(const F& s, const Pair& p) const {
    const F d = p.a - p.b;
    return xsimd::fma(d, d, s);
  }
};
struct AddProduct {
  F operator()(const F& s, const Pair& p) const { return xsimd::fma(p.a, p.b, s); }
};
struct AddAbsoluteDifference {
  F operator()(const F& s, const Pair& p) const { return s + xsimd::abs(p.a - p.b); }
};

template <class Term>
inline float over_floats(const float* a, const float* b, std::size_t n, Term term) {
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

float l2_squared(const float* a, const float* b, std::size_t n) {
  return over_floats(a, b, n, AddSquaredDifference{});
}
float inner_product(const float* a, const float* b, std::size_t n) {
  return over_floats(a, b, n, AddProduct{});
}
float l1(const float* a, const float* b, std::size_t n) {
  return over_floats(a, b, n, AddAbsoluteDifference{});
}

// Two chains per sum keep six accumulators busy.
template <class Load, class Tail>
inline CosineSums cosine_terms(std::size_t n, Load at, Tail tail) {
  F d0(0.f), d1(0.f), a0(0.f), a1(0.f), b0(0.f), b1(0.f);
  std::size_t i = 0;
  for (; i + 2 * kF <= n; i += 2 * kF) {
    const Pair p = at(i), q = at(i + kF);
    d0 = xsimd::fma(p.a, p.b, d0);
    a0 = xsimd::fma(p.a, p.a, a0);
    b0 = xsimd::fma(p.b, p.b, b0);
    d1 = xsimd::fma(q.a, q.b, d1);
    a1 = xsimd::fma(q.a, q.a, a1);
    b1 = xsimd::fma(q.b, q.b, b1);
  }
  if (i + kF <= n) {
    const Pair p = at(i);
    d0 = xsimd::fma(p.a, p.b, d0);
    a0 = xsimd::fma(p.a, p.a, a0);
    b0 = xsimd::fma(p.b, p.b, b0);
    i += kF;
  }
  if (i < n) {
    const Pair p = tail(i, n - i);
    d1 = xsimd::fma(p.a, p.b, d1);
    a1 = xsimd::fma(p.a, p.a, a1);
    b1 = xsimd::fma(p.b, p.b, b1);
  }
  return {sum(d0 + d1), sum(a0 + a1), sum(b0 + b1)};
}

CosineSums cosine_sums(const float* a, const float* b, std::size_t n) {
  return cosine_terms(
      n,
      [&](std::size_t i) {
        return Pair{load(a + i), load(b + i)};
      },
      [&](std::size_t i, std::size_t r) {
        return Pair{load_tail(a + i, r), load_tail(b + i, r)};
      });
}

}  // namespace
}  // namespace rv::simd::detail
