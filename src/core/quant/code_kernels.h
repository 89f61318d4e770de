// Kernels of rotated codes: Hadamard transform, quantisation, products of packed codes with int8
// queries, and the all-pairs product of int8 rows. One table a SIMD level, as in core/simd.
//
// Packed planes. A plane of width w (1, 2, 4 or 8 bits) packs the components block by block, a
// block being 512 / w of them (the last one what is left, a multiple of 64): in a block of n
// components, byte j holds component f * (n * w / 8) + j in its bits [f * w, f * w + w). So that
// one load of up to 64 bytes, a shift and a mask give up to 64 consecutive components, whatever the
// width. Width 1 follows the same rule.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/simd/distance.h"

namespace rv::quant {

struct QuantizeSums {
  float dot;    // sum of x[i] * (u[i] - offset)
  float norm2;  // sum of (u[i] - offset)^2
};

struct CodeKernels {
  // In-place Walsh-Hadamard transform of n floats, n a power of two >= 64, not normalised.
  void (*hadamard)(float* x, std::size_t n);
  // x[i] = x[i] * s[i].
  void (*multiply)(float* x, const float* s, std::size_t n);
  // (x[i], x[i + n/2]) -> (sum, difference) / sqrt(2) for i < n/2; n a multiple of 32.
  void (*mix_halves)(float* x, std::size_t n);
  // u[i] = clamp(round(x[i] * scale + offset), 0, top); n a multiple of 64.
  QuantizeSums (*quantize)(const float* x, std::size_t n, float scale, float offset, int top,
                           std::uint8_t* u);
  // q[i] = clamp(round(x[i] * scale), -127, 127); returns the sum of q.
  std::int32_t (*quantize_query)(const float* x, std::size_t n, float scale, std::int8_t* q);
  float (*max_abs)(const float* x, std::size_t n);
  // Sum of plane[i] * q[i] over n components (a multiple of 64), by plane width.
  std::int32_t (*dot1)(const std::uint8_t* plane, const std::int8_t* q, std::size_t n);
  std::int32_t (*dot2)(const std::uint8_t* plane, const std::int8_t* q, std::size_t n);
  std::int32_t (*dot4)(const std::uint8_t* plane, const std::int8_t* q, std::size_t n);
  std::int32_t (*dot8)(const std::uint8_t* plane, const std::int8_t* q, std::size_t n);

  // out[r * stride + c] = dot of row r (4 rows of n int8, n a multiple of 4) with column c of the
  // packed matrix (columns a multiple of 64), exactly.
  // Packed: groups of 16 columns, in each [n / 4][16][4]; see pack_columns().
  void (*rows4)(const std::int8_t* const* rows, const std::int8_t* packed,
                const std::int32_t* column_sums, std::size_t n, std::size_t columns,
                std::int32_t* out, std::size_t stride);
  // The k nearest of n columns (a multiple of 16): distance[c] = norm + norms[c] - scale *
  // scales[c] * dots[c]; column `skip` is left out. Writes them in ascending order; returns how
  // many there are, columns of a norm above 1e30 never among them.
  int (*nearest)(const std::int32_t* dots, const float* norms, const float* scales, float norm,
                 float scale, std::size_t n, std::size_t skip, int k, float* best,
                 std::uint32_t* index);
  // u[i] |= plane[i] << shift, as unpack_plane(), at the level's speed.
  void (*unpack)(const std::uint8_t* plane, std::size_t n, int width, int shift, std::uint8_t* u);
  void (*pack)(const std::uint8_t* u, std::size_t n, int width, int shift, std::uint8_t* plane);
  // x[i] = u[i] ^ 128 for 8 bits, 2 u[i] - top below.
  void (*centre)(std::uint8_t* u, std::size_t n, int bits);

  // A point q of `size` floats and n centroids (a multiple of 16) that lie component by component:
  // columns[j * n + c]. out[c] = sum over j of (q[j] - column)^2, q[j] * column, |q[j] - column|.
  void (*centroid_squares)(const float* q, const float* columns, std::size_t size, std::size_t n,
                           float* out);
  void (*centroid_products)(const float* q, const float* columns, std::size_t size, std::size_t n,
                            float* out);
  void (*centroid_absolutes)(const float* q, const float* columns, std::size_t size, std::size_t n,
                             float* out);
  // The index of the least of n numbers (a multiple of 16), the first of equal ones; 0 when none is
  // below the largest float.
  std::size_t (*least)(const float* x, std::size_t n);
};

const CodeKernels& code_kernels(simd::Level level) noexcept;
const CodeKernels& code_kernels() noexcept;  // the level in use

// Bytes of a plane of n components.
constexpr std::size_t plane_bytes(int width, std::size_t n) noexcept {
  return n * static_cast<std::size_t>(width) / 8;
}
// (u[i] >> shift) & (2^width - 1) as a plane; and the reverse: u[i] |= plane[i] << shift.
inline void pack_plane(const std::uint8_t* u, std::size_t n, int width, int shift,
                       std::uint8_t* plane) {
  code_kernels().pack(u, n, width, shift, plane);
}
inline void unpack_plane(const std::uint8_t* plane, std::size_t n, int width, int shift,
                         std::uint8_t* u) {
  code_kernels().unpack(plane, n, width, shift, u);
}

// Puts row `column` (n int8) into a packed matrix for rows4; returns the sum of its components,
// which rows4 wants in column_sums[column].
std::int32_t pack_column(const std::int8_t* row, std::size_t n, std::size_t column,
                         std::int8_t* packed);

namespace detail {
extern const CodeKernels baseline_code_kernels;
extern const CodeKernels avx2_code_kernels;
extern const CodeKernels avx512_code_kernels;
extern const CodeKernels avx512vnni_code_kernels;
}  // namespace detail
}  // namespace rv::quant
