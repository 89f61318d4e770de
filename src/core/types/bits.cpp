#include "core/types/bits.h"

#include <cstring>
#include <string>

#include "core/base/error.h"
#include "core/simd/distance.h"

namespace rv {
namespace {

void check_same_length(const BitView& a, const BitView& b) {
  if (a.length != b.length)
    throw Error(ErrorCode::data_exception, "different bit lengths " + std::to_string(a.length) +
                                               " and " + std::to_string(b.length));
}

}  // namespace

BitView view_bits(std::span<const std::byte> stored) {
  std::int32_t length = -1;
  if (stored.size() >= sizeof length) std::memcpy(&length, stored.data(), sizeof length);
  const auto size = (static_cast<std::size_t>(length) + 7) / 8;
  if (length < 0 || stored.size() - sizeof length != size)
    throw Error(ErrorCode::corrupted_data, "bit value of " + std::to_string(stored.size()) +
                                               " bytes does not have the " +
                                               std::to_string(length) + " bits it claims");
  return {length, reinterpret_cast<const std::uint8_t*>(stored.data() + sizeof length), size};
}

double hamming_distance(const BitView& a, const BitView& b) {
  check_same_length(a, b);
  return static_cast<double>(simd::kernels().hamming(a.bytes, b.bytes, a.size));
}

double jaccard_distance(const BitView& a, const BitView& b) {
  check_same_length(a, b);
  const auto c = simd::kernels().overlap(a.bytes, b.bytes, a.size);
  if (c.both == 0) return 1;
  return 1 - static_cast<double>(c.both) / static_cast<double>(c.either);
}

}  // namespace rv
