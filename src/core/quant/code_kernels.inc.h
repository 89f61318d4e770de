// Body of every code_kernels_<level>.cpp, compiled with that level's flags. Plain loops are left to
// the compiler's vectoriser; integer products use the level's instructions. Nothing here may become
// a symbol shared between levels (see core/simd/kernels.inc.h).
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/quant/code_kernels.h"
#include "core/quant/code_products.inc.h"

namespace rv::quant::detail {
namespace {

using Floats16 = float __attribute__((vector_size(64)));
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));
using SignedBytes16 = std::int8_t __attribute__((vector_size(16)));
using Ints16 = int __attribute__((vector_size(64)));

// Numbers lie anywhere. A vector type with `aligned(4)` loses it here and there: GCC in `auto*`,
// Clang in aliases.
#pragma GCC diagnostic ignored "-Wpsabi"  // nobody outside of this file calls it
inline Floats16 load16(const float* from) {
  Floats16 v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
template <class V, class T>
inline void store16(const V& v, T* to) {
  static_assert(sizeof(v) == 16 * sizeof(T));
  __builtin_memcpy(to, &v, sizeof v);
}

// One butterfly stage inside vectors of 16 floats: shuffle, then add with alternating signs.
template <int... Partner>
inline void butterfly16(float* x, std::size_t n, const Floats16& sign) {
  for (std::size_t i = 0; i < n; i += 16) {
    const Floats16 v = load16(x + i);
    store16(__builtin_shufflevector(v, v, Partner...) + v * sign, x + i);
  }
}

void hadamard(float* x, std::size_t n) {
  butterfly16<1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14>(
      x, n, Floats16{1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1});
  butterfly16<2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13>(
      x, n, Floats16{1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1});
  butterfly16<4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11>(
      x, n, Floats16{1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1});
  butterfly16<8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7>(
      x, n, Floats16{1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1});
  for (std::size_t h = 16; h < n; h *= 2)
    for (std::size_t i = 0; i < n; i += 2 * h)
      for (std::size_t j = i; j < i + h; j += 16) {
        const Floats16 a = load16(x + j), b = load16(x + j + h);
        store16(a + b, x + j);
        store16(a - b, x + j + h);
      }
}

void multiply(float* x, const float* s, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= s[i];
}

void mix_halves(float* x, std::size_t n) {
  const std::size_t half = n / 2;
  for (std::size_t i = 0; i < half; i += 16) {
    const Floats16 a = load16(x + i), b = load16(x + i + half);
    store16((a + b) * 0.70710678f, x + i);
    store16((a - b) * 0.70710678f, x + i + half);
  }
}

inline float sum16(const Floats16& v) {
  float s = 0;
  for (int i = 0; i < 16; ++i) s += v[i];
  return s;
}

QuantizeSums quantize(const float* x, std::size_t n, float scale, float offset, int top,
                      std::uint8_t* u) {
  Floats16 dot{}, norm2{};
  const float high = static_cast<float>(top);
  const Floats16 zero{}, limit = zero + high;
  for (std::size_t i = 0; i < n; i += 16) {
    const Floats16 v = load16(x + i);
    Floats16 t = v * scale + (offset + 0.5f);
    t = t > zero ? t : zero;
    t = t < limit ? t : limit;
    // Truncation of a non-negative number rounds the half that was added; `top` may be reached by
    // more than half, hence the limit before.
    const Ints16 whole = __builtin_convertvector(t, Ints16);
    store16(__builtin_convertvector(whole, Bytes16), u + i);
    const Floats16 c = __builtin_convertvector(whole, Floats16) - offset;
    dot += c * v;
    norm2 += c * c;
  }
  return {sum16(dot), sum16(norm2)};
}

std::int32_t quantize_query(const float* x, std::size_t n, float scale, std::int8_t* q) {
  Ints16 total{};
  const Floats16 zero{}, low = zero - 127.0f, high = zero + 127.0f;
  for (std::size_t i = 0; i < n; i += 16) {
    Floats16 t = load16(x + i) * scale;
    t = t > low ? t : low;
    t = t < high ? t : high;
    t = t + (t > zero ? zero + 0.5f : zero - 0.5f);
    const Ints16 whole = __builtin_convertvector(t, Ints16);
    store16(__builtin_convertvector(whole, SignedBytes16), q + i);
    total += whole;
  }
  std::int32_t sum = 0;
  for (int i = 0; i < 16; ++i) sum += total[i];
  return sum;
}

// The loops over j are what the compiler vectorises.
template <int width>
void pack_width(const std::uint8_t* u, std::size_t n, int shift, std::uint8_t* plane) {
  constexpr std::size_t fields = 8 / width;
  constexpr unsigned mask = (1u << width) - 1u;
  while (n > 0) {
    const std::size_t block = n < 64 * fields ? n : 64 * fields;
    const std::size_t bytes = block / fields;
    for (std::size_t j = 0; j < bytes; ++j) {
      unsigned byte = 0;
      for (std::size_t f = 0; f < fields; ++f)
        byte |= ((static_cast<unsigned>(u[f * bytes + j]) >> shift) & mask) << (f * width);
      plane[j] = static_cast<std::uint8_t>(byte);
    }
    plane += bytes;
    u += block;
    n -= block;
  }
}

template <int width>
void unpack_width(const std::uint8_t* plane, std::size_t n, int shift, std::uint8_t* u) {
  constexpr std::size_t fields = 8 / width;
  constexpr unsigned mask = (1u << width) - 1u;
  while (n > 0) {
    const std::size_t block = n < 64 * fields ? n : 64 * fields;
    const std::size_t bytes = block / fields;
    for (std::size_t f = 0; f < fields; ++f) {
      std::uint8_t* to = u + f * bytes;
      for (std::size_t j = 0; j < bytes; ++j)
        to[j] = static_cast<std::uint8_t>(
            to[j] | (((static_cast<unsigned>(plane[j]) >> (f * width)) & mask) << shift));
    }
    plane += bytes;
    u += block;
    n -= block;
  }
}

void pack(const std::uint8_t* u, std::size_t n, int width, int shift, std::uint8_t* plane) {
  switch (width) {
    case 1:
      return pack_width<1>(u, n, shift, plane);
    case 2:
      return pack_width<2>(u, n, shift, plane);
    case 4:
      return pack_width<4>(u, n, shift, plane);
    default:
      return pack_width<8>(u, n, shift, plane);
  }
}

void unpack(const std::uint8_t* plane, std::size_t n, int width, int shift, std::uint8_t* u) {
  switch (width) {
    case 1:
      return unpack_width<1>(plane, n, shift, u);
    case 2:
      return unpack_width<2>(plane, n, shift, u);
    case 4:
      return unpack_width<4>(plane, n, shift, u);
    default:
      return unpack_width<8>(plane, n, shift, u);
  }
}

void centre(std::uint8_t* u, std::size_t n, int bits) {
  if (bits == 8) {
    for (std::size_t i = 0; i < n; ++i) u[i] = static_cast<std::uint8_t>(u[i] ^ 128u);
    return;
  }
  const unsigned top = (1u << bits) - 1u;
  for (std::size_t i = 0; i < n; ++i) u[i] = static_cast<std::uint8_t>(2u * u[i] - top);
}

// Columns of damaged codes and of padding are so far away.
constexpr float kNowhere = 1e30f;

// Puts (d, i) into the sorted list of at most k; returns its new length.
inline int keep(float d, std::uint32_t i, int count, int k, float* best, std::uint32_t* index) {
  int p = count < k ? count : k - 1;
  while (p > 0 && best[p - 1] > d) {
    best[p] = best[p - 1];
    index[p] = index[p - 1];
    --p;
  }
  best[p] = d;
  index[p] = i;
  return count < k ? count + 1 : k;
}

int nearest_by_insertion(const std::int32_t* dots, const float* norms, const float* scales,
                         float norm, float scale, std::size_t n, std::size_t skip, int k,
                         float* best, std::uint32_t* index) {
  int count = 0;
  float limit = kNowhere;
  for (std::size_t c = 0; c < n; c += 16) {
    float d[16];
    unsigned near = 0;
    for (std::size_t j = 0; j < 16; ++j)
      d[j] = norm - static_cast<float>(dots[c + j]) * scales[c + j] * scale + norms[c + j];
    for (std::size_t j = 0; j < 16; ++j) near |= (d[j] < limit ? 1u : 0u) << j;
    while (near != 0) {
      const auto j = static_cast<std::size_t>(__builtin_ctz(near));
      near &= near - 1;
      if (c + j == skip || d[j] >= limit) continue;
      count = keep(d[j], static_cast<std::uint32_t>(c + j), count, k, best, index);
      if (count == k) limit = best[k - 1];
    }
  }
  return count;
}

#if defined(__AVX512F__)

// The least number that `want` of these 32 do not exceed, 1 <= want <= 32.
inline float bound_of(__m512 a, __m512 b, int want) {
  alignas(64) float all[32];
  _mm512_store_ps(all, a);
  _mm512_store_ps(all + 16, b);
  const __m512i one = _mm512_set1_epi32(1);
  __m512i below_a = _mm512_setzero_si512(), below_b = below_a;
  for (const float x : all) {
    const __m512 v = _mm512_set1_ps(x);
    below_a = _mm512_mask_add_epi32(below_a, _mm512_cmp_ps_mask(v, a, _CMP_LT_OQ), below_a, one);
    below_b = _mm512_mask_add_epi32(below_b, _mm512_cmp_ps_mask(v, b, _CMP_LT_OQ), below_b, one);
  }
  const __m512i limit = _mm512_set1_epi32(want);
  const __m512 none = _mm512_set1_ps(-3.402823466e+38f);
  return _mm512_reduce_max_ps(
      _mm512_max_ps(_mm512_mask_mov_ps(none, _mm512_cmplt_epi32_mask(below_a, limit), a),
                    _mm512_mask_mov_ps(none, _mm512_cmplt_epi32_mask(below_b, limit), b)));
}

// Most columns are no candidates, and an insertion of one that is costs more than the distances of
// a hundred: first a bound from the least distances of 32 groups of columns, which hardly more than
// k columns stay below, then the order of these by counting.
int nearest(const std::int32_t* dots, const float* norms, const float* scales, float norm,
            float scale, std::size_t n, std::size_t skip, int k, float* best,
            std::uint32_t* index) {
  constexpr int kRoom = 48;
  const int want = k + (skip < n ? 1 : 0);
  if (k < 1 || want > 32 || n < 32)
    return nearest_by_insertion(dots, norms, scales, norm, scale, n, skip, k, best, index);
  const __m512 one_norm = _mm512_set1_ps(norm), one_scale = _mm512_set1_ps(scale);
  const auto distances = [&](std::size_t c) {
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(dots + c)),
                                         _mm512_loadu_ps(scales + c));
    return _mm512_add_ps(_mm512_fnmadd_ps(product, one_scale, one_norm),
                         _mm512_loadu_ps(norms + c));
  };
  __m512 least0 = _mm512_set1_ps(3.402823466e+38f), least1 = least0;
  std::size_t c = 0;
  for (; c + 32 <= n; c += 32) {  // not a number: the other operand
    least0 = _mm512_min_ps(distances(c), least0);
    least1 = _mm512_min_ps(distances(c + 16), least1);
  }
  if (c < n) least0 = _mm512_min_ps(distances(c), least0);
  const float bound = bound_of(least0, least1, want);
  const __m512 limit = _mm512_set1_ps(bound), nowhere = _mm512_set1_ps(kNowhere);

  float near[kRoom + 16];
  std::uint32_t column[kRoom + 16];
  int found = 0;
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (c = 0; c < n; c += 16) {
    const __m512 d = distances(c);
    __mmask16 m =
        _mm512_cmp_ps_mask(d, limit, _CMP_LE_OQ) & _mm512_cmp_ps_mask(d, nowhere, _CMP_LT_OQ);
    if (skip - c < 16) m = static_cast<__mmask16>(m & ~(1u << (skip - c)));
    _mm512_storeu_ps(near + found, _mm512_maskz_compress_ps(m, d));
    _mm512_storeu_si512(column + found,
                        _mm512_maskz_compress_epi32(
                            m, _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(c)))));
    found += __builtin_popcount(m);
    if (found > kRoom)
      return nearest_by_insertion(dots, norms, scales, norm, scale, n, skip, k, best, index);
  }
  _mm512_storeu_ps(near + found, _mm512_set1_ps(3.402823466e+38f));
  std::uint64_t taken = 0;
  for (int i = 0; i < found; ++i) {
    const __m512 v = _mm512_set1_ps(near[i]);
    int rank = 0;
    for (int j = 0; j < found; j += 16)
      rank += __builtin_popcount(_mm512_cmp_ps_mask(_mm512_loadu_ps(near + j), v, _CMP_LT_OQ));
    while ((taken >> rank & 1) != 0) ++rank;  // equal ones in the order of columns
    taken |= std::uint64_t{1} << rank;
    if (rank >= k) continue;
    best[rank] = near[i];
    index[rank] = column[i];
  }
  return found < k ? found : k;
}

#else

int nearest(const std::int32_t* dots, const float* norms, const float* scales, float norm,
            float scale, std::size_t n, std::size_t skip, int k, float* best,
            std::uint32_t* index) {
  return nearest_by_insertion(dots, norms, scales, norm, scale, n, skip, k, best, index);
}

#endif

float max_abs(const float* x, std::size_t n) {
  Floats16 most{};
  for (std::size_t i = 0; i < n; i += 16) {
    const Floats16 v = load16(x + i);
    const Floats16 a = v > -v ? v : -v;
    most = a > most ? a : most;
  }
  float m = 0;
  for (int i = 0; i < 16; ++i) m = most[i] > m ? most[i] : m;
  return m;
}

enum class CentroidPart { square, product, absolute };

// Summed in the order of the components for every centroid.
template <CentroidPart part>
void centroid_parts(const float* q, const float* columns, std::size_t size, std::size_t n,
                    float* out) {
  for (std::size_t c = 0; c < n; c += 16) {
    Floats16 sum{};
    for (std::size_t j = 0; j < size; ++j) {
      const Floats16 column = load16(columns + j * n + c);
      const Floats16 d = column - q[j];
      if constexpr (part == CentroidPart::square)
        sum += d * d;
      else if constexpr (part == CentroidPart::product)
        sum += column * q[j];
      else
        sum += d > -d ? d : -d;
    }
    store16(sum, out + c);
  }
}

std::size_t least(const float* x, std::size_t n) {
  constexpr float kLargest = 3.402823466e+38f;
  Floats16 low = Floats16{} + kLargest;
  for (std::size_t i = 0; i < n; i += 16) {
    const Floats16 v = load16(x + i);
    low = v < low ? v : low;
  }
  float m = kLargest;
  for (int i = 0; i < 16; ++i) m = low[i] < m ? low[i] : m;
  for (std::size_t i = 0; i < n; ++i)
    if (x[i] == m) return i;
  return 0;
}

}  // namespace

extern const CodeKernels RV_CODE_TABLE;
constinit const CodeKernels RV_CODE_TABLE = {hadamard,
                                             multiply,
                                             mix_halves,
                                             quantize,
                                             quantize_query,
                                             max_abs,
                                             plane_dot<1>,
                                             plane_dot<2>,
                                             plane_dot<4>,
                                             plane_dot<8>,
                                             rows4,
                                             nearest,
                                             unpack,
                                             pack,
                                             centre,
                                             centroid_parts<CentroidPart::square>,
                                             centroid_parts<CentroidPart::product>,
                                             centroid_parts<CentroidPart::absolute>,
                                             least};

}  // namespace rv::quant::detail
