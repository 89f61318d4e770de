// CRC-32C (Castagnoli): what values that travel as opaque bytes carry to show that they are whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rv {

namespace detail {
constexpr std::array<std::uint32_t, 256> make_crc32c_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? (c >> 1) ^ 0x82F63B78U : c >> 1;
    table[i] = c;
  }
  return table;
}
inline constexpr auto kCrc32cTable = make_crc32c_table();
}  // namespace detail

inline std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept {
  std::uint32_t c = 0xFFFFFFFFU;
  for (const std::byte b : bytes)
    c = (c >> 8) ^ detail::kCrc32cTable[(c ^ static_cast<std::uint32_t>(b)) & 0xFFU];
  return c ^ 0xFFFFFFFFU;
}

}  // namespace rv
