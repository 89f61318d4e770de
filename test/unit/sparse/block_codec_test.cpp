#include "core/sparse/block_codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace rv::sparse {
namespace {

// Runs every kernel level this CPU has.
class BlockCodec : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (GetParam() > static_cast<int>(simd::cpu_level())) GTEST_SKIP() << "not on this CPU";
    simd::select_level(static_cast<simd::Level>(GetParam()));
  }
  void TearDown() override { simd::select_level(simd::cpu_level()); }
};
INSTANTIATE_TEST_SUITE_P(Levels, BlockCodec, testing::Values(0, 1, 2, 3));

TEST_P(BlockCodec, ReadsBackFloats) {
  Rng rng(8);
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = round % 3 == 0 ? 128 : 1 + rng.below(128);
    std::vector<std::uint32_t> docs(n);
    std::vector<float> values(n);
    for (std::size_t i = 0; i < n; ++i) {
      docs[i] = (i == 0 ? 5 : docs[i - 1]) + 1 + static_cast<std::uint32_t>(rng.below(400));
      values[i] = static_cast<float>(rng.normal());
    }
    std::vector<std::uint8_t> bytes;
    encode_float_block(docs, values, bytes);
    ASSERT_LE(bytes.size(), kMaxBlockBytes);
    BlockView v;
    EXPECT_FALSE(decode_block(bytes, true, v)) << "no frequency is a float";
    EXPECT_FALSE(decode_block({bytes.data(), bytes.size() - 1}, false, v));
    ASSERT_TRUE(decode_block(bytes, false, v));
    ASSERT_EQ(v.size, bytes.size());
    ASSERT_EQ(v.count, n);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(v.doc(i), docs[i]);
    ASSERT_EQ(std::memcmp(v.values, values.data(), 4 * n), 0);
    std::vector<float> sums(65536, -0.0F);
    kernels().add_values(v.docs, v.values, n, -2, -0.25F, sums.data());
    for (std::size_t i = 0; i < n; ++i) ASSERT_FLOAT_EQ(sums[docs[i]], -2 * (values[i] - 0.25F));
  }
}

TEST_P(BlockCodec, ReadsBackWhatWasWritten) {
  Rng rng(7);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t n = round % 3 == 0 ? 128 : 1 + rng.below(128);
    const std::uint32_t window = static_cast<std::uint32_t>(rng.below(5));
    std::set<std::uint32_t> docs;
    const std::uint64_t spread = round % 4 == 0 ? n : n + rng.below(65536 - n + 1);
    while (docs.size() < n)
      docs.insert(window * kWindow + static_cast<std::uint32_t>(rng.below(spread)));
    const std::vector<std::uint32_t> d(docs.begin(), docs.end());
    std::vector<std::uint8_t> codes(n), bytes;
    std::vector<std::uint32_t> escapes;
    for (auto& c : codes) {
      c = static_cast<std::uint8_t>(rng.below(256));
      if (c == 255) escapes.push_back(static_cast<std::uint32_t>(255 + rng.below(1000)));
    }
    const bool with_escapes = round % 2 == 0;
    encode_block(d, codes, with_escapes ? escapes : std::vector<std::uint32_t>{}, bytes);
    ASSERT_LE(bytes.size(), kMaxBlockBytes);
    const std::size_t size = bytes.size();
    BlockView v;
    for (std::size_t cut = 0; cut < size; cut += 1 + size / 7)
      EXPECT_FALSE(decode_block({bytes.data(), cut}, with_escapes, v));
    bytes.resize(size + 3);
    bytes.shrink_to_fit();
    ASSERT_TRUE(decode_block(bytes, with_escapes, v));
    ASSERT_EQ(v.size, size);
    ASSERT_EQ(v.count, n);
    ASSERT_EQ(v.window(), window);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(v.doc(i), d[i]) << i;
    EXPECT_EQ(std::memcmp(v.codes, codes.data(), n), 0);
    if (with_escapes) {
      ASSERT_EQ(v.escape_count, escapes.size());
      if (!escapes.empty()) {
        EXPECT_EQ(std::memcmp(v.escapes, escapes.data(), 4 * escapes.size()), 0);
      }
    }
  }
}

TEST_P(BlockCodec, LoopsEqualTheirDefinition) {
  const Kernels& k = kernels(GetParam());
  Rng rng(3);
  for (std::uint32_t n : {0u, 1u, 3u, 16u, 17u, 127u, 128u}) {
    std::vector<std::uint16_t> docs(n);
    std::vector<std::uint8_t> codes(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      docs[i] = static_cast<std::uint16_t>(3 * i);
      codes[i] = static_cast<std::uint8_t>(rng.below(256));
    }
    std::vector<float> table(256), sums(400, 0.5f), expected = sums;
    for (float& t : table) t = static_cast<float>(rng.normal());
    for (std::uint32_t i = 0; i < n; ++i) expected[docs[i]] += table[codes[i]];
    k.add_impacts(docs.data(), codes.data(), n, table.data(), sums.data());
    EXPECT_EQ(sums, expected);

    std::vector<std::uint32_t> lengths(400);
    for (auto& l : lengths) l = static_cast<std::uint32_t>(rng.below(12));
    const std::vector<double> norms = {1, 2, 3, 4, 5, 6, 7, 8};
    const NormTable table_of_norms{norms.data(), 8,
                                   [](const void*, std::uint32_t l) { return l * 10.0; }, nullptr};
    std::vector<double> numerators(256), scores(400, -0.0), right = scores;
    for (double& x : numerators) x = rng.uniform();
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint32_t l = lengths[docs[i]];
      right[docs[i]] += numerators[codes[i]] / (codes[i] + (l < 8 ? norms[l] : l * 10.0));
    }
    k.add_terms(docs.data(), codes.data(), n, numerators.data(), lengths.data(), table_of_norms,
                scores.data());
    EXPECT_EQ(std::memcmp(scores.data(), right.data(), 400 * sizeof(double)), 0);

    std::vector<float> x(n);
    std::vector<double> y(n);
    std::vector<std::uint32_t> out(n), where;
    for (std::uint32_t i = 0; i < n; ++i) {
      x[i] = static_cast<float>(rng.below(4));
      y[i] = x[i];
    }
    for (std::uint32_t i = n / 3; i < n; ++i)
      if (x[i] > 1) where.push_back(i);
    EXPECT_EQ(k.collect_float(x.data(), n / 3, n, 1, out.data()), where.size());
    EXPECT_TRUE(std::equal(where.begin(), where.end(), out.begin()));
    EXPECT_EQ(k.collect_double(y.data(), n / 3, n, 1, out.data()), where.size());
    EXPECT_TRUE(std::equal(where.begin(), where.end(), out.begin()));
  }
  float bounds[] = {-0.0f, 0.0f, -1.0f, 2.0f, -0.25f};
  k.finish_bounds(bounds, 5, 0.25f);
  EXPECT_EQ(bounds[0], 0.0f);
  EXPECT_EQ(bounds[1], 0.25f);
  EXPECT_EQ(bounds[2], -0.75f);
  EXPECT_GT(bounds[4], 0.0f);
}

}  // namespace
}  // namespace rv::sparse
