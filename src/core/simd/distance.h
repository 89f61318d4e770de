// Distance kernels over raw arrays. Callers see one table of function pointers; which instruction
// set fills it is decided once, by cpu_level(), and can be lowered with select_level().
//
// Every kernel takes pointers aligned to their element only, any n >= 0, and reads nothing outside
// [0, n). Sums are float32 in several accumulators: against a float64 reference the relative error
// is at most 1e-7 * (4 + n / 16) times the sum of the absolute terms (test/unit/simd). Infinite or
// NaN inputs give what IEEE arithmetic gives; overflow gives infinity.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/simd/matrix_kernels.h"

namespace rv::simd {

// Ordered: a higher level contains the lower ones. avx512vnni adds VNNI, VPOPCNTDQ and BITALG.
enum class Level : int { baseline = 0, avx2 = 1, avx512 = 2, avx512vnni = 3 };
inline constexpr int kLevels = 4;

// The three sums that cosine distance needs, from one pass.
struct CosineSums {
  float dot;
  float norm_a;  // sum of a[i]^2
  float norm_b;  // sum of b[i]^2
};

// Bits set in (a AND b) and in (a OR b), from one pass.
struct OverlapCounts {
  std::uint64_t both;
  std::uint64_t either;
};

struct Kernels {
  const char* name;  // "baseline", "avx2", "avx512", "avx512vnni"; on aarch64 baseline is NEON

  // float32
  float (*l2_squared)(const float* a, const float* b, std::size_t n);
  float (*inner_product)(const float* a, const float* b, std::size_t n);
  float (*l1)(const float* a, const float* b, std::size_t n);
  CosineSums (*cosine_sums)(const float* a, const float* b, std::size_t n);

  // IEEE 754 binary16, widened to float32 before any arithmetic
  float (*half_l2_squared)(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);
  float (*half_inner_product)(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);
  float (*half_l1)(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);
  CosineSums (*half_cosine_sums)(const std::uint16_t* a, const std::uint16_t* b, std::size_t n);
  // float32 query against binary16 data
  float (*mixed_l2_squared)(const float* a, const std::uint16_t* b, std::size_t n);
  float (*mixed_inner_product)(const float* a, const std::uint16_t* b, std::size_t n);

  // int8, exact in int32 for n <= 16000
  std::int32_t (*int8_l2_squared)(const std::int8_t* a, const std::int8_t* b, std::size_t n);
  std::int32_t (*int8_inner_product)(const std::int8_t* a, const std::int8_t* b, std::size_t n);
  // uint8 x int8, exact; the form that VNNI multiplies in one instruction
  std::int32_t (*uint8_int8_inner_product)(const std::uint8_t* a, const std::int8_t* b,
                                           std::size_t n);

  // bits, n in bytes; padding bits must be equal (zero)
  std::uint64_t (*hamming)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n);
  OverlapCounts (*overlap)(const std::uint8_t* a, const std::uint8_t* b, std::size_t n);

  // conversions; float_to_half rounds to nearest even, overflow gives infinity
  void (*half_to_float)(const std::uint16_t* from, float* to, std::size_t n);
  void (*float_to_half)(const float* from, std::uint16_t* to, std::size_t n);

  MatrixKernels matrix;  // matrix products and row gathers
};

Level cpu_level() noexcept;                    // best level this CPU and OS can run
const Kernels& kernels(Level level) noexcept;  // a given level, for tests and benchmarks
const Kernels& kernels() noexcept;             // the level in use
void select_level(Level level) noexcept;       // clamped to cpu_level()
Level active_level() noexcept;                 // the level in use
const char* level_name(Level level) noexcept;

namespace detail {  // one definition per kernels_<level>.cpp
extern const Kernels baseline_kernels;
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const Kernels avx512vnni_kernels;
}  // namespace detail
}  // namespace rv::simd
