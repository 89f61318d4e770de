// The properties of vector's and halfvec's text and binary forms.
#pragma once

#include <cmath>

#include "core/types/dense.h"
#include "core/types/dense_binary.h"
#include "fuzz.h"

namespace rv::fuzz {

template <class T>
using Elements = std::vector<typename T::Element>;

template <class T>
Elements<T> parse(const std::string& text, int expected_dim = -1) {
  auto room = exact<typename T::Element>(static_cast<std::size_t>(count_elements(text)));
  const int dim = parse_dense<T>(text, expected_dim, room.data(), static_cast<int>(room.size()));
  FUZZ_CHECK(dim <= static_cast<int>(room.size()));
  room.resize(static_cast<std::size_t>(dim));
  return room;
}

template <class T>
std::string format(const Elements<T>& x) {
  const int dim = static_cast<int>(x.size());
  auto out = exact<char>(dense_text_bound(dim));
  const std::size_t length = format_dense<T>(x.data(), dim, out.data(), write_float_shortest);
  FUZZ_CHECK(length < out.size() && out[length] == '\0');
  return std::string(out.data(), length);
}

template <class T>
Elements<T> decode(BinaryReader& in, int expected_dim = -1) {
  const int dim = decode_dense_dim<T>(in, expected_dim);
  auto x = exact<typename T::Element>(static_cast<std::size_t>(dim));
  decode_dense<T>(in, dim, x.data());
  return x;
}

template <class T>
std::vector<std::byte> encode(const Elements<T>& x) {
  const int dim = static_cast<int>(x.size());
  auto out = exact<std::byte>(dense_binary_size<T>(dim));
  encode_dense<T>(x.data(), dim, out);
  return out;
}

// Of every value that was accepted in either form.
template <class T>
void check_value(const Elements<T>& x) {
  const int dim = static_cast<int>(x.size());
  FUZZ_CHECK(dim >= 1 && dim <= kMaxDim);
  for (const auto e : x) FUZZ_CHECK(std::isfinite(to_float(e)));

  const std::string text = format<T>(x);
  FUZZ_CHECK(same_bytes(parse<T>(text, dim), x));
  if (dim < kLong)
    FUZZ_CHECK(!accepted([&] { return parse<T>(text, dim + 1); }, {ErrorCode::data_exception}));

  const auto bytes = encode<T>(x);
  BinaryReader in(bytes);
  FUZZ_CHECK(same_bytes(decode<T>(in, dim), x));
  FUZZ_CHECK(in.remaining() == 0);

  FUZZ_CHECK(compare<T>(x.data(), dim, x.data(), dim) == 0);
  FUZZ_CHECK(l2_squared<T>(x.data(), x.data(), dim) == 0);
}

// The first byte's lowest bit: a message whose dimension is small or near the limit is made as long
// as its header says, by repeating its last element.
template <class T>
void check_binary(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  auto bytes = exact<std::byte>(size - 1);
  if (size > 1) std::memcpy(bytes.data(), data + 1, size - 1);
  constexpr std::size_t kElement = sizeof(typename T::Element);
  if ((data[0] & 1) != 0 && bytes.size() >= 4 + kElement) {
    BinaryReader header(bytes);
    const int dim = header.read<std::int16_t>();
    std::vector<std::byte> longer(bytes.begin(), bytes.end());
    const bool worth_it = dim > 0 && (dim < 64 || (dim > kMaxDim - 100 && dim <= kMaxDim + 100));
    while (worth_it && longer.size() < dense_binary_size<T>(dim))
      longer.push_back(longer[longer.size() - kElement]);
    longer.shrink_to_fit();
    bytes = longer;
  }
  BinaryReader in(bytes);
  const auto x = accepted([&] { return decode<T>(in); }, kBinaryErrors);
  if (!x) return;
  check_value<T>(*x);
  const auto again = encode<T>(*x);
  FUZZ_CHECK(again.size() == in.position());
  FUZZ_CHECK(std::memcmp(again.data(), bytes.data(), again.size()) == 0);
}

}  // namespace rv::fuzz
