#include "core/quant/code_kernels.h"

#include <cstring>

namespace rv::quant {

const CodeKernels& code_kernels(simd::Level level) noexcept {
#if defined(__x86_64__)
  switch (level) {
    case simd::Level::avx512vnni:
      return detail::avx512vnni_code_kernels;
    case simd::Level::avx512:
      return detail::avx512_code_kernels;
    case simd::Level::avx2:
      return detail::avx2_code_kernels;
    case simd::Level::baseline:
      break;
  }
#else
  (void)level;
#endif
  return detail::baseline_code_kernels;
}

const CodeKernels& code_kernels() noexcept { return code_kernels(simd::active_level()); }

void pack_plane(const std::uint8_t* u, std::size_t n, int width, int shift, std::uint8_t* plane) {
  const auto fields = static_cast<std::size_t>(8 / width);
  const auto mask = static_cast<unsigned>((1 << width) - 1);
  while (n > 0) {
    const std::size_t block = n < 64 * fields ? n : 64 * fields;
    const std::size_t bytes = block / fields;
    for (std::size_t j = 0; j < bytes; ++j) {
      unsigned byte = 0;
      for (std::size_t f = 0; f < fields; ++f)
        byte |= ((static_cast<unsigned>(u[f * bytes + j]) >> shift) & mask)
                << (f * static_cast<unsigned>(width));
      plane[j] = static_cast<std::uint8_t>(byte);
    }
    plane += bytes;
    u += block;
    n -= block;
  }
}

void unpack_plane(const std::uint8_t* plane, std::size_t n, int width, int shift, std::uint8_t* u) {
  const auto fields = static_cast<std::size_t>(8 / width);
  const auto mask = static_cast<unsigned>((1 << width) - 1);
  while (n > 0) {
    const std::size_t block = n < 64 * fields ? n : 64 * fields;
    const std::size_t bytes = block / fields;
    for (std::size_t f = 0; f < fields; ++f)
      for (std::size_t j = 0; j < bytes; ++j)
        u[f * bytes + j] = static_cast<std::uint8_t>(
            u[f * bytes + j] |
            (((static_cast<unsigned>(plane[j]) >> (f * static_cast<unsigned>(width))) & mask)
             << shift));
    plane += bytes;
    u += block;
    n -= block;
  }
}

std::int32_t pack_column(const std::int8_t* row, std::size_t n, std::size_t column,
                         std::int8_t* packed) {
  std::int8_t* to = packed + (column / 16) * 16 * n + (column % 16) * 4;
  std::int32_t sum = 0;
  for (std::size_t k = 0; k < n; k += 4) {
    std::memcpy(to + k * 16, row + k, 4);
    sum += row[k] + row[k + 1] + row[k + 2] + row[k + 3];
  }
  return sum;
}

}  // namespace rv::quant
