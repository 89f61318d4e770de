// Body of every kernels_<level>.cpp, which has defined RV_TABLE and is compiled with that level's
// flags. The rules of core/simd/kernels.inc.h hold: nothing here may become a COMDAT.
//
// Four- and eight-lane vectors are the compilers' own: SSE2 and NEON, the baseline of every
// machine.
#include <cstddef>
#include <cstdint>

#include "core/sparse/kernels.h"

namespace rv::sparse::detail {
namespace {

using Row = std::uint16_t __attribute__((vector_size(16)));
constexpr int kRows = 16;  // of 8 lanes: 128 numbers

inline Row load(const std::uint8_t* p) {
  Row r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}

// Lane i becomes the sum of the lanes up to i.
inline Row prefix_sum(Row x) {
  const Row zero = {};
  x += __builtin_shufflevector(zero, x, 7, 8, 9, 10, 11, 12, 13, 14);
  x += __builtin_shufflevector(zero, x, 6, 7, 8, 9, 10, 11, 12, 13);
  x += __builtin_shufflevector(zero, x, 4, 5, 6, 7, 8, 9, 10, 11);
  return x;
}

// Number 8 r + l is in lane l of row r; each lane's numbers follow each other bit by bit. A gap is
// stored less one, so a lane's position is added back.
template <int Bits>
inline void unpack_bits(const std::uint8_t* in, std::uint16_t first, std::uint16_t* out) {
  constexpr std::uint16_t kMask = static_cast<std::uint16_t>((1u << Bits) - 1);
  const Row mask = {kMask, kMask, kMask, kMask, kMask, kMask, kMask, kMask};
  Row position = {0, 1, 2, 3, 4, 5, 6, 7};
  Row base = {first, first, first, first, first, first, first, first};
  Row word = {};
  if constexpr (Bits > 0) word = load(in);
  int used = 0;
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    Row gap = {};
    if constexpr (Bits > 0) {
      gap = word >> used;
      used += Bits;
      if (used >= 16 && r + 1 < kRows) {
        used -= 16;
        in += 16;
        word = load(in);
        if (used > 0) gap |= word << (Bits - used);
      }
      gap &= mask;
    }
    const Row sum = prefix_sum(gap) + base;
    const Row doc = sum + position;
    __builtin_memcpy(out + 8 * r, &doc, sizeof doc);
    base = __builtin_shufflevector(sum, sum, 7, 7, 7, 7, 7, 7, 7, 7);
    position += 8;
  }
}

void unpack(const std::uint8_t* packed, int bits, std::uint16_t first, std::uint16_t* out) {
  switch (bits) {
#define RV_CASE(b)                      \
  case b:                               \
    unpack_bits<b>(packed, first, out); \
    break;
    RV_CASE(0)
    RV_CASE(1)
    RV_CASE(2)
    RV_CASE(3)
    RV_CASE(4)
    RV_CASE(5)
    RV_CASE(6)
    RV_CASE(7)
    RV_CASE(8)
    RV_CASE(9)
    RV_CASE(10)
    RV_CASE(11)
    RV_CASE(12)
    RV_CASE(13)
    RV_CASE(14)
    RV_CASE(15)
    default:
      unpack_bits<16>(packed, first, out);
#undef RV_CASE
  }
}

void add_impacts(const std::uint16_t* docs, const std::uint8_t* codes, std::size_t n,
                 const float* table, float* sums) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    // Documents of a list differ, so the four sums may be read before the first is written.
    const float a = sums[docs[i]] + table[codes[i]], b = sums[docs[i + 1]] + table[codes[i + 1]],
                c = sums[docs[i + 2]] + table[codes[i + 2]],
                d = sums[docs[i + 3]] + table[codes[i + 3]];
    sums[docs[i]] = a;
    sums[docs[i + 1]] = b;
    sums[docs[i + 2]] = c;
    sums[docs[i + 3]] = d;
  }
  for (; i < n; ++i) sums[docs[i]] += table[codes[i]];
}

// A product may vanish, but never as a negative zero, which stands for an untouched document.
void add_values(const std::uint16_t* docs, const std::uint8_t* values, std::size_t n, float weight,
                float shift, float* sums) {
  for (std::size_t i = 0; i < n; ++i) {
    float value;
    __builtin_memcpy(&value, values + 4 * i, sizeof value);
    sums[docs[i]] += weight * (value + shift) + 0.0f;
  }
}

// A quotient is never fused with the addition: every level rounds alike.
void add_terms(const std::uint16_t* docs, const std::uint8_t* tfs, std::size_t n,
               const double* numerators, const std::uint32_t* lengths, const NormTable& norms,
               double* sums) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t length = lengths[docs[i]];
    const double norm = __builtin_expect(length < norms.size, 1)
                            ? norms.values[length]
                            : norms.beyond(norms.context, length);
    sums[docs[i]] += numerators[tfs[i]] / (static_cast<double>(tfs[i]) + norm);
  }
}

void finish_bounds(float* x, std::size_t n, float slack) {
  constexpr float kSmallest = 1.17549435e-38f;
  for (std::size_t i = 0; i < n; ++i) {
    const bool touched = __builtin_bit_cast(std::uint32_t, x[i]) != 0x80000000u;
    const float y = x[i] + slack, bound = y == 0 ? kSmallest : y;
    x[i] = touched ? bound : 0.0f;
  }
}

template <class T>
inline std::size_t collect(const T* x, std::uint32_t from, std::uint32_t to, T above,
                           std::uint32_t* out) {
  std::size_t found = 0;
  std::uint32_t i = from;
  for (; i + 16 <= to; i += 16) {
    int any = 0;
    for (std::uint32_t j = 0; j < 16; ++j) any |= x[i + j] > above;
    if (any == 0) continue;
    for (std::uint32_t j = i; j < i + 16; ++j) {
      out[found] = j;
      found += x[j] > above;
    }
  }
  for (; i < to; ++i)
    if (x[i] > above) out[found++] = i;
  return found;
}

std::size_t collect_float(const float* x, std::uint32_t from, std::uint32_t to, float above,
                          std::uint32_t* out) {
  return collect(x, from, to, above, out);
}
std::size_t collect_double(const double* x, std::uint32_t from, std::uint32_t to, double above,
                           std::uint32_t* out) {
  return collect(x, from, to, above, out);
}

}  // namespace

extern const Kernels RV_TABLE;
constinit const Kernels RV_TABLE = {unpack,        add_impacts,   add_values,    add_terms,
                                    finish_bounds, collect_float, collect_double};

}  // namespace rv::sparse::detail
