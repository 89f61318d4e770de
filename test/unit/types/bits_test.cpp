// Distances between bit strings at every SIMD level, against counting bit by bit.
#include "core/types/bits.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv {
namespace {

// A stored bit string from a text of 0 and 1.
std::vector<std::byte> stored_bits(const std::string& text) {
  const auto length = static_cast<std::int32_t>(text.size());
  std::vector<std::byte> out(sizeof length + (text.size() + 7) / 8);
  std::memcpy(out.data(), &length, sizeof length);
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '1') out[sizeof length + i / 8] |= std::byte{0x80} >> (i % 8);
  return out;
}

double hamming(const std::string& a, const std::string& b) {
  const auto x = stored_bits(a), y = stored_bits(b);
  return hamming_distance(view_bits(x), view_bits(y));
}
double jaccard(const std::string& a, const std::string& b) {
  const auto x = stored_bits(a), y = stored_bits(b);
  return jaccard_distance(view_bits(x), view_bits(y));
}

std::string random_bits(Rng& rng, std::size_t n) {
  std::string text(n, '0');
  for (auto& c : text) c = rng.below(2) == 0 ? '0' : '1';
  return text;
}

TEST(Bits, KnowsSmallCases) {
  EXPECT_EQ(hamming("111", "111"), 0);
  EXPECT_EQ(hamming("111", "100"), 2);
  EXPECT_EQ(hamming("", ""), 0);
  EXPECT_EQ(jaccard("1111", "1110"), 0.25);
  EXPECT_EQ(jaccard("1100", "1000"), 0.5);
  EXPECT_EQ(jaccard("1111", "0000"), 1);
  EXPECT_EQ(jaccard("0000", "0000"), 1);
  EXPECT_EQ(jaccard("", ""), 1);
}

TEST(Bits, CountsBitByBitAtEveryLevel) {
  for (int level = 0; level <= static_cast<int>(simd::cpu_level()); ++level) {
    simd::select_level(static_cast<simd::Level>(level));
    Rng rng(41);
    for (std::size_t n = 0; n < 1100; n += 1 + n / 20) {
      const std::string a = random_bits(rng, n), b = random_bits(rng, n);
      int differ = 0, both = 0, either = 0;
      for (std::size_t i = 0; i < n; ++i) {
        differ += a[i] != b[i];
        both += a[i] == '1' && b[i] == '1';
        either += a[i] == '1' || b[i] == '1';
      }
      SCOPED_TRACE(testing::Message() << simd::kernels().name << ", " << n << " bits");
      EXPECT_EQ(hamming(a, b), differ);
      EXPECT_EQ(jaccard(a, b), both == 0 ? 1 : 1 - static_cast<double>(both) / either);
    }
  }
  simd::select_level(simd::cpu_level());
}

TEST(Bits, RefusesDifferentLengths) {
  for (const auto distance : {hamming, jaccard}) {
    try {
      distance("111", "00");
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::data_exception);
      EXPECT_STREQ(e.what(), "different bit lengths 3 and 2");
    }
    EXPECT_THROW(distance("1111", "00000"), Error);  // the same number of bytes
  }
}

TEST(Bits, RefusesALengthThatDoesNotFit) {
  for (const std::size_t size : {0u, 3u, 4u, 6u}) {
    std::vector<std::byte> bytes(size);
    const std::int32_t length = 3;
    if (size >= sizeof length) std::memcpy(bytes.data(), &length, sizeof length);
    EXPECT_THROW(view_bits(bytes), Error) << size;
  }
  std::vector<std::byte> negative(4, std::byte{0xff});
  EXPECT_THROW(view_bits(negative), Error);
}

}  // namespace
}  // namespace rv
