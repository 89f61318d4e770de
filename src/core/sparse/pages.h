// Reading and writing fixed-width fields at any byte of a page, and the six-byte row addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/sparse/layout.h"

namespace rv::sparse {

template <class T>
T load_at(const std::byte* p) noexcept {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
template <class T>
void store_at(std::byte* p, const T& x) noexcept {
  std::memcpy(p, &x, sizeof x);
}

inline Row load_row(const std::byte* p) noexcept {
  const auto tail = load_at<std::uint16_t>(p + 4);
  return {load_at<std::uint32_t>(p), static_cast<std::uint16_t>(tail & kMaxRowOffset),
          static_cast<RowKind>(tail >> 13)};
}
inline void store_row(std::byte* p, const Row& r) noexcept {
  store_at(p, r.block);
  store_at(p + 4, static_cast<std::uint16_t>(r.offset | static_cast<unsigned>(r.kind) << 13));
}

inline std::size_t data_bytes(const index::PageStore& store) noexcept {
  return store.content_bytes() - sizeof(DataPage);
}
inline std::size_t pending_room(const index::PageStore& store) noexcept {
  return store.content_bytes() - sizeof(PendingPage);
}
inline std::uint32_t rows_per_page(const index::PageStore& store) noexcept {
  return static_cast<std::uint32_t>(data_bytes(store) / kRowBytes);
}
inline std::uint32_t lengths_per_page(const index::PageStore& store) noexcept {
  return static_cast<std::uint32_t>(data_bytes(store) / 4);
}

}  // namespace rv::sparse
