// Big-endian binary data, as PostgreSQL's send and receive functions exchange it. Every read is
// bounds-checked; nothing here depends on the machine's byte order or alignment.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/base/error.h"

namespace rv {

namespace detail {
inline std::uint16_t swap_bytes(std::uint16_t x) noexcept { return __builtin_bswap16(x); }
inline std::uint32_t swap_bytes(std::uint32_t x) noexcept { return __builtin_bswap32(x); }
inline std::uint64_t swap_bytes(std::uint64_t x) noexcept { return __builtin_bswap64(x); }

template <std::size_t Size>
struct UnsignedOf;
template <>
struct UnsignedOf<2> {
  using type = std::uint16_t;
};
template <>
struct UnsignedOf<4> {
  using type = std::uint32_t;
};
template <>
struct UnsignedOf<8> {
  using type = std::uint64_t;
};
}  // namespace detail

// A number of 2, 4 or 8 bytes.
template <class T>
concept BinaryNumber = (std::integral<T> || std::floating_point<T>)&&requires {
  typename detail::UnsignedOf<sizeof(T)>::type;
};

// The same number in the other byte order on little-endian machines.
template <BinaryNumber T>
T from_big_endian(T x) noexcept {
  using U = typename detail::UnsignedOf<sizeof(T)>::type;
  if constexpr (std::endian::native == std::endian::big) return x;
  return std::bit_cast<T>(detail::swap_bytes(std::bit_cast<U>(x)));
}

// A cursor over received bytes, which must outlive it.
class BinaryReader {
 public:
  explicit BinaryReader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

  // The next number; 08P01 when the data ends before it.
  template <BinaryNumber T>
  T read() {
    T x;
    read_array(&x, 1);
    return x;
  }

  // The next n numbers into `out`; 08P01, and nothing written, when there are fewer.
  template <BinaryNumber T>
  void read_array(T* out, std::size_t n) {
    if (n > remaining() / sizeof(T))
      throw Error(ErrorCode::protocol_violation, "insufficient data left in message");
    for (std::size_t i = 0; i < n; ++i) {
      // Through an integer: a signalling NaN would not survive some float registers.
      typename detail::UnsignedOf<sizeof(T)>::type raw;
      std::memcpy(&raw, bytes_.data() + position_ + i * sizeof raw, sizeof raw);
      raw = from_big_endian(raw);
      std::memcpy(out + i, &raw, sizeof raw);
    }
    position_ += n * sizeof(T);
  }

  std::size_t position() const noexcept { return position_; }
  std::size_t remaining() const noexcept { return bytes_.size() - position_; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
};

// Writes numbers into a buffer that its user sized; writing past the end is a bug (XX000).
class BinaryWriter {
 public:
  explicit BinaryWriter(std::span<std::byte> out) noexcept : out_(out) {}

  template <BinaryNumber T>
  void write(T x) {
    write_array(&x, 1);
  }

  template <BinaryNumber T>
  void write_array(const T* x, std::size_t n) {
    if (n > (out_.size() - position_) / sizeof(T))
      throw Error(ErrorCode::internal, "binary value is larger than its buffer");
    for (std::size_t i = 0; i < n; ++i) {
      typename detail::UnsignedOf<sizeof(T)>::type raw;
      std::memcpy(&raw, x + i, sizeof raw);
      raw = from_big_endian(raw);
      std::memcpy(out_.data() + position_ + i * sizeof raw, &raw, sizeof raw);
    }
    position_ += n * sizeof(T);
  }

  std::size_t position() const noexcept { return position_; }

 private:
  std::span<std::byte> out_;
  std::size_t position_ = 0;
};

}  // namespace rv
