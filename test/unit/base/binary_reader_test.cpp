#include "core/base/binary_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

namespace rv {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

TEST(BinaryReader, ReadsBigEndianNumbersOneAfterTheOther) {
  const auto data = bytes({0xff, 0xfe, 1, 2, 3, 4, 0xc0, 0, 0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 9});
  BinaryReader in(data);
  EXPECT_EQ(in.read<std::int16_t>(), -2);
  EXPECT_EQ(in.read<std::uint32_t>(), 0x01020304u);
  EXPECT_EQ(in.read<float>(), -2.0f);
  EXPECT_EQ(in.read<double>(), 1.0);
  EXPECT_EQ(in.position(), 18u);
  EXPECT_EQ(in.remaining(), 1u);
}

TEST(BinaryReader, StopsAtTheEnd) {
  const auto data = bytes({0, 1, 2});
  BinaryReader in(data);
  std::uint16_t out[2] = {7, 7};
  try {
    in.read_array(out, 2);
    FAIL() << "read past the end";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::protocol_violation);
  }
  EXPECT_EQ(out[0], 7);  // nothing written, nothing consumed
  EXPECT_EQ(in.position(), 0u);
  EXPECT_THROW(in.read_array(out, std::numeric_limits<std::size_t>::max()), Error);
  EXPECT_EQ(in.read<std::uint16_t>(), 1);
  EXPECT_THROW(in.read<std::uint16_t>(), Error);
}

TEST(BinaryReader, KeepsTheBitsOfANan) {
  const auto data = bytes({0x7f, 0x80, 0, 1});  // signalling
  BinaryReader in(data);
  float nan;
  in.read_array(&nan, 1);
  std::uint32_t bits;
  std::memcpy(&bits, &nan, sizeof bits);
  EXPECT_EQ(bits, 0x7f800001u);
}

TEST(BinaryWriter, WritesWhatTheReaderReads) {
  std::vector<std::byte> out(14);
  BinaryWriter to(out);
  const float x[2] = {1.5f, -0.0f};
  to.write(std::int16_t{-3});
  to.write_array(x, 2);
  to.write(std::uint32_t{0xdeadbeef});
  EXPECT_EQ(to.position(), out.size());
  EXPECT_EQ(out, bytes({0xff, 0xfd, 0x3f, 0xc0, 0, 0, 0x80, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef}));
  EXPECT_THROW(to.write(std::int16_t{0}), Error);
}

}  // namespace
}  // namespace rv
