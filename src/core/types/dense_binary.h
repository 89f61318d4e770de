// Binary form of vector and halfvec: int16 dim, int16 0, then the elements, big endian.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/binary_reader.h"
#include "core/types/dense.h"

namespace rv {

template <class T>
constexpr std::size_t dense_binary_size(int dim) noexcept {
  return 4 + sizeof(typename T::Element) * static_cast<std::size_t>(dim);
}

// Reading is in two steps, so that the caller can make room: the dimension (08P01, 22000, 54000;
// expected_dim -1: any), then that many elements, refusing NaN and infinity (22000).
template <class T>
int decode_dense_dim(BinaryReader& in, int expected_dim);
template <class T>
void decode_dense(BinaryReader& in, int dim, typename T::Element* out);

// `out` has dense_binary_size<T>(dim) bytes.
template <class T>
void encode_dense(const typename T::Element* x, int dim, std::span<std::byte> out);

}  // namespace rv
