// Binary form of vector and halfvec: exact bytes, and refusal of everything else.
#include "core/types/dense_binary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"

namespace rv {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> b;
  for (int v : values) b.push_back(static_cast<std::byte>(v));
  return b;
}

template <class T>
std::vector<typename T::Element> decoded(const std::vector<std::byte>& b, int expected_dim = -1) {
  BinaryReader in(b);
  const int dim = decode_dense_dim<T>(in, expected_dim);
  std::vector<typename T::Element> x(static_cast<std::size_t>(dim));
  decode_dense<T>(in, dim, x.data());
  return x;
}

template <class T>
std::string refusal(const std::vector<std::byte>& b, int expected_dim = -1) {
  try {
    decoded<T>(b, expected_dim);
    return "accepted";
  } catch (const Error& e) {
    return e.what();
  }
}

const auto vector_bytes = bytes({0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0});  // [1,-2]
const auto halfvec_bytes = bytes({0, 2, 0, 0, 0x3c, 0, 0xc0, 0});

TEST(DenseBinary, IsBigEndian) {
  const float v[] = {1, -2};
  std::vector<std::byte> out(dense_binary_size<Vector>(2));
  encode_dense<Vector>(v, 2, out);
  EXPECT_EQ(out, vector_bytes);
  const std::uint16_t h[] = {0x3c00, 0xc000};
  out.assign(dense_binary_size<Halfvec>(2), std::byte{});
  encode_dense<Halfvec>(h, 2, out);
  EXPECT_EQ(out, halfvec_bytes);
}

TEST(DenseBinary, ReadsWhatItWrites) {
  EXPECT_EQ(decoded<Vector>(vector_bytes, 2), (std::vector<float>{1, -2}));
  EXPECT_EQ(decoded<Halfvec>(halfvec_bytes), (std::vector<std::uint16_t>{0x3c00, 0xc000}));
}

TEST(DenseBinary, RefusesEveryTruncation) {
  for (std::size_t n = 0; n < vector_bytes.size(); ++n) {
    const std::vector<std::byte> cut(vector_bytes.begin(),
                                     vector_bytes.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_EQ(refusal<Vector>(cut), "insufficient data left in message");
  }
}

TEST(DenseBinary, RefusesBadHeadersAndElements) {
  EXPECT_EQ(refusal<Vector>(bytes({0, 0, 0, 0})), "vector must have at least 1 dimension");
  EXPECT_EQ(refusal<Vector>(bytes({0xff, 0xff, 0, 0})), "vector must have at least 1 dimension");
  EXPECT_EQ(refusal<Halfvec>(bytes({0x3e, 0x81, 0, 0})),
            "halfvec cannot have more than 16000 dimensions");
  EXPECT_EQ(refusal<Vector>(vector_bytes, 3), "expected 3 dimensions, not 2");
  EXPECT_EQ(refusal<Vector>(bytes({0, 1, 0, 7, 0, 0, 0, 0})), "expected unused to be 0, not 7");
  EXPECT_EQ(refusal<Vector>(bytes({0, 1, 0, 0, 0x7f, 0xc0, 0, 0})), "NaN not allowed in vector");
  EXPECT_EQ(refusal<Vector>(bytes({0, 1, 0, 0, 0xff, 0x80, 0, 0})),
            "infinite value not allowed in vector");
  EXPECT_EQ(refusal<Halfvec>(bytes({0, 1, 0, 0, 0x7c, 0})),
            "infinite value not allowed in halfvec");
}

}  // namespace
}  // namespace rv
