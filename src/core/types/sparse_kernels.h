// Which entries of a sparse vector may have a partner in another one: the first, cheap look.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rv::detail {

inline constexpr std::uint32_t kMarkBits = 2048;  // they fit into four registers of 512 bits
inline constexpr std::size_t kMarkedSlack = 16;   // `out` needs so much room beyond n

// The positions i < n for which bit indices[i] % kMarkBits is set in `marks`, ascending; returns
// how many. Only where simd::active_level() has AVX-512.
std::size_t marked_avx512(const std::uint32_t* marks, const std::int32_t* indices, std::size_t n,
                          std::uint32_t* out) noexcept;

}  // namespace rv::detail
