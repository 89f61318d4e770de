// Inner loops of inverted-index search, one table for each instruction set. Chosen together with
// the distance kernels (core/simd/distance.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace rv::sparse {

inline constexpr std::size_t kBlockLength = 128;  // postings of a full block

// How BM25 turns a document's length into a number: a table, and a function beyond its end.
struct NormTable {
  const double* values;
  std::uint32_t size;
  double (*beyond)(const void* context, std::uint32_t length);
  const void* context;
};

struct Kernels {
  // The 128 ascending numbers that pack_block() (block_codec.h) wrote with `bits` bits a gap.
  void (*unpack)(const std::uint8_t* packed, int bits, std::uint16_t first, std::uint16_t* out);
  // sums[docs[i]] += table[codes[i]]
  void (*add_impacts)(const std::uint16_t* docs, const std::uint8_t* codes, std::size_t n,
                      const float* table, float* sums);
  // sums[docs[i]] += weight * (values[i] + shift); `values` are unaligned floats.
  void (*add_values)(const std::uint16_t* docs, const std::uint8_t* values, std::size_t n,
                     float weight, float shift, float* sums);
  // sums[docs[i]] += numerators[tfs[i]] / (tfs[i] + norm of lengths[docs[i]])
  void (*add_terms)(const std::uint16_t* docs, const std::uint8_t* tfs, std::size_t n,
                    const double* numerators, const std::uint32_t* lengths, const NormTable& norms,
                    double* sums);
  // Turns sums into bounds: what was touched gets `slack` and never ends as zero; what was not, a
  // negative zero before, becomes zero.
  void (*finish_bounds)(float* x, std::size_t n, float slack);
  // The positions i of [from, to) with x[i] > above, ascending; returns how many. `out` has room
  // for to - from.
  std::size_t (*collect_float)(const float* x, std::uint32_t from, std::uint32_t to, float above,
                               std::uint32_t* out);
  std::size_t (*collect_double)(const double* x, std::uint32_t from, std::uint32_t to, double above,
                                std::uint32_t* out);
};

const Kernels& kernels() noexcept;           // of the level in use
const Kernels& kernels(int level) noexcept;  // of simd::Level `level`, for tests

namespace detail {  // one definition per kernels_<level>.cpp
extern const Kernels baseline_kernels;
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
}  // namespace detail
}  // namespace rv::sparse
