// Integer products over packed planes (code_kernels.h): AVX-512 VNNI, AVX2, or plain loops.
namespace rv::quant::detail {
namespace {

#if defined(__AVX512VNNI__)

inline __mmask64 first_bytes(std::size_t r) {
  return r >= 64 ? ~static_cast<__mmask64>(0) : (static_cast<__mmask64>(1) << r) - 1u;
}

template <int width>
std::int32_t plane_dot(const std::uint8_t* plane, const std::int8_t* q, std::size_t n) {
  __m512i s0 = _mm512_setzero_si512(), s1 = s0;
  if constexpr (width == 8) {
    for (std::size_t i = 0; i < n; i += 64)
      s0 = _mm512_dpbusd_epi32(s0, _mm512_loadu_si512(plane + i), _mm512_loadu_si512(q + i));
    return _mm512_reduce_add_epi32(s0);
  } else {
    constexpr int fields = 8 / width;
    constexpr std::size_t block = 64 * fields;
    const __m512i mask = _mm512_set1_epi8(static_cast<char>((1 << width) - 1));
    for (; n >= block; n -= block, plane += 64, q += block) {
      const __m512i bytes = _mm512_loadu_si512(plane);
#pragma GCC unroll 8
      for (int f = 0; f < fields; f += 2) {
        s0 = _mm512_dpbusd_epi32(
            s0, _mm512_and_si512(_mm512_srli_epi16(bytes, static_cast<unsigned>(f * width)), mask),
            _mm512_loadu_si512(q + f * 64));
        s1 = _mm512_dpbusd_epi32(
            s1,
            _mm512_and_si512(_mm512_srli_epi16(bytes, static_cast<unsigned>((f + 1) * width)),
                             mask),
            _mm512_loadu_si512(q + (f + 1) * 64));
      }
    }
    if (n > 0) {
      const std::size_t bytes_left = n / fields;
      const __mmask64 m = first_bytes(bytes_left);
      const __m512i bytes = _mm512_maskz_loadu_epi8(m, plane);
#pragma GCC unroll 8
      for (std::size_t f = 0; f < fields; ++f)
        s0 = _mm512_dpbusd_epi32(
            s0,
            _mm512_and_si512(
                _mm512_srli_epi16(bytes, static_cast<unsigned>(f) * static_cast<unsigned>(width)),
                mask),
            _mm512_maskz_loadu_epi8(m, q + f * bytes_left));
    }
    return _mm512_reduce_add_epi32(_mm512_add_epi32(s0, s1));
  }
}

// 4 rows against 64 columns at a time: 16 accumulators. Rows become unsigned by an offset of 128,
// whose product with a column is 128 times the column's sum.
void rows4(const std::int8_t* const* rows, const std::int8_t* packed,
           const std::int32_t* column_sums, std::size_t n, std::size_t columns, std::int32_t* out,
           std::size_t stride) {
  const std::size_t group = 16 * n;
  for (std::size_t c = 0; c < columns; c += 64) {
    __m512i acc[4][4];
    for (auto& row : acc)
      for (auto& a : row) a = _mm512_setzero_si512();
    const std::int8_t* b = packed + c * n;
    for (std::size_t k = 0; k < n / 4; ++k) {
      const __m512i b0 = _mm512_loadu_si512(b + k * 64);
      const __m512i b1 = _mm512_loadu_si512(b + group + k * 64);
      const __m512i b2 = _mm512_loadu_si512(b + 2 * group + k * 64);
      const __m512i b3 = _mm512_loadu_si512(b + 3 * group + k * 64);
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        std::int32_t four;
        __builtin_memcpy(&four, rows[r] + 4 * k, 4);
        const __m512i x = _mm512_set1_epi32(four ^ static_cast<std::int32_t>(0x80808080u));
        acc[r][0] = _mm512_dpbusd_epi32(acc[r][0], x, b0);
        acc[r][1] = _mm512_dpbusd_epi32(acc[r][1], x, b1);
        acc[r][2] = _mm512_dpbusd_epi32(acc[r][2], x, b2);
        acc[r][3] = _mm512_dpbusd_epi32(acc[r][3], x, b3);
      }
    }
    for (std::size_t r = 0; r < 4; ++r)
      for (std::size_t g = 0; g < 4; ++g) {
        const __m512i surplus = _mm512_slli_epi32(_mm512_loadu_si512(column_sums + c + g * 16), 7);
        _mm512_storeu_si512(out + r * stride + c + g * 16, _mm512_sub_epi32(acc[r][g], surplus));
      }
  }
}

#else

#if defined(__AVX2__)

inline std::int32_t sum_lanes(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1));
  return _mm_cvtsi128_si32(s);
}

// Components of at most 4 bits cannot saturate the 16-bit pair sums: 2 * 15 * 127.
template <int width>
std::int32_t plane_dot(const std::uint8_t* plane, const std::int8_t* q, std::size_t n) {
  __m256i s = _mm256_setzero_si256();
  if constexpr (width == 8) {
    for (std::size_t i = 0; i < n; i += 16)
      s = _mm256_add_epi32(
          s, _mm256_madd_epi16(
                 _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(plane + i))),
                 _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(q + i)))));
    return sum_lanes(s);
  } else {
    constexpr std::size_t fields = 8 / width;
    const __m256i mask = _mm256_set1_epi8(static_cast<char>((1 << width) - 1));
    const __m256i ones = _mm256_set1_epi16(1);
    while (n > 0) {
      const std::size_t block = n < 64 * fields ? n : 64 * fields;
      const std::size_t bytes = block / fields;  // a multiple of 8
      std::size_t j = 0;
      for (; j + 32 <= bytes; j += 32) {
        const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(plane + j));
        for (std::size_t f = 0; f < fields; ++f) {
          const __m256i u =
              _mm256_and_si256(_mm256_srli_epi16(packed, static_cast<int>(f) * width), mask);
          const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q + f * bytes + j));
          s = _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_maddubs_epi16(u, v), ones));
        }
      }
      std::int32_t rest = 0;
      for (; j < bytes; ++j)
        for (std::size_t f = 0; f < fields; ++f)
          rest += ((plane[j] >> (f * static_cast<std::size_t>(width))) & ((1 << width) - 1)) *
                  q[f * bytes + j];
      if (rest != 0) s = _mm256_add_epi32(s, _mm256_setr_epi32(rest, 0, 0, 0, 0, 0, 0, 0));
      plane += bytes;
      q += block;
      n -= block;
    }
    return sum_lanes(s);
  }
}

#else

template <int width>
std::int32_t plane_dot(const std::uint8_t* plane, const std::int8_t* q, std::size_t n) {
  constexpr std::size_t fields = 8 / width;
  std::int32_t s = 0;
  while (n > 0) {
    const std::size_t block = n < 64 * fields ? n : 64 * fields;
    const std::size_t bytes = block / fields;
    for (std::size_t f = 0; f < fields; ++f)
      for (std::size_t j = 0; j < bytes; ++j)
        s += ((plane[j] >> (f * static_cast<std::size_t>(width))) & ((1 << width) - 1)) *
             q[f * bytes + j];
    plane += bytes;
    q += block;
    n -= block;
  }
  return s;
}

#endif

// Column by column in the packed order; the compiler makes 16-bit multiply-adds of it.
void rows4(const std::int8_t* const* rows, const std::int8_t* packed, const std::int32_t*,
           std::size_t n, std::size_t columns, std::int32_t* out, std::size_t stride) {
  for (std::size_t c = 0; c < columns; c += 16) {
    const std::int8_t* b = packed + c * n;
    for (std::size_t r = 0; r < 4; ++r) {
      std::int32_t acc[16] = {};
      const std::int8_t* row = rows[r];
      for (std::size_t k = 0; k < n; k += 4)
        for (std::size_t j = 0; j < 16; ++j)
          for (std::size_t i = 0; i < 4; ++i) acc[j] += row[k + i] * b[k * 16 + j * 4 + i];
      for (std::size_t j = 0; j < 16; ++j) out[r * stride + c + j] = acc[j];
    }
  }
}

#endif

}  // namespace
}  // namespace rv::quant::detail
