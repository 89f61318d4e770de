// bit and bit varying as PostgreSQL stores them: validation and distances.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rv {

// A bit string: `length` bits in (length + 7) / 8 bytes, most significant bit first; the padding
// bits of the last byte are zero.
struct BitView {
  std::int32_t length;
  const std::uint8_t* bytes;
  std::size_t size;  // in bytes
};

// Looks at a stored value, the bytes after the length word: int32 length, then the bits. Checks
// that it is as long as it says (XX001).
BitView view_bits(std::span<const std::byte> stored);

// Number of bits that differ; 22000 when the lengths do.
double hamming_distance(const BitView& a, const BitView& b);
// 1 - |a AND b| / |a OR b|, in [0, 1]; 1 when no bit is set in both. 22000 when the lengths differ.
double jaccard_distance(const BitView& a, const BitView& b);

}  // namespace rv
