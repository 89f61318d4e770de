// Every level's code kernels against plain loops.
#include "core/quant/code_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/rng.h"

namespace rv::quant {
namespace {

class CodeKernelsTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (GetParam() > static_cast<int>(simd::cpu_level())) GTEST_SKIP() << "not on this CPU";
  }
  const CodeKernels& k() const { return code_kernels(static_cast<simd::Level>(GetParam())); }
};

TEST_P(CodeKernelsTest, HadamardIsItsOwnInverseUpToTheLength) {
  Rng rng(1);
  for (std::size_t n : {64u, 128u, 512u, 4096u}) {
    std::vector<float> x(n), y;
    for (float& v : x) v = static_cast<float>(rng.normal());
    y = x;
    k().hadamard(y.data(), n);
    double direct = 0;  // row 5: sign is the parity of the common bits
    for (std::size_t i = 0; i < n; ++i) direct += (__builtin_parityll(i & 5) ? -1.0 : 1.0) * x[i];
    EXPECT_NEAR(y[5], direct, 1e-3 * std::sqrt(static_cast<double>(n)));
    k().hadamard(y.data(), n);
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_NEAR(y[i] / static_cast<float>(n), x[i], 1e-5) << n << ' ' << i;
  }
}

TEST_P(CodeKernelsTest, PlanesKeepTheirBitsAndMultiply) {
  Rng rng(2);
  for (std::size_t n = 64; n <= 1344; n += 64)
    for (int width : {1, 2, 4, 8}) {
      std::vector<std::uint8_t> u(n), plane(plane_bytes(width, n)), back(n);
      std::vector<std::int8_t> q(n);
      long expected = 0;
      for (std::size_t i = 0; i < n; ++i) {
        u[i] = static_cast<std::uint8_t>(rng.below(1u << width));
        q[i] = static_cast<std::int8_t>(static_cast<int>(rng.below(255)) - 127);
        if (n == 128) u[i] = static_cast<std::uint8_t>((1 << width) - 1), q[i] = -127;  // extreme
        expected += static_cast<long>(u[i]) * q[i];
      }
      pack_plane(u.data(), n, width, 0, plane.data());
      unpack_plane(plane.data(), n, width, 0, back.data());
      ASSERT_EQ(u, back);
      const auto dot = width == 1   ? k().dot1
                       : width == 2 ? k().dot2
                       : width == 4 ? k().dot4
                                    : k().dot8;
      ASSERT_EQ(dot(plane.data(), q.data(), n), expected) << n << " width " << width;
    }
}

TEST_P(CodeKernelsTest, QuantizeRoundsAndClamps) {
  Rng rng(3);
  const std::size_t n = 192;
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(rng.normal()) * 3;
  x[0] = 1e30f;
  x[1] = -1e30f;
  std::vector<std::uint8_t> u(n);
  k().quantize(x.data(), n, 2.0f, 7.5f, 15, u.data());
  for (std::size_t i = 0; i < n; ++i)
    ASSERT_EQ(u[i], std::min(15.0f, std::max(0.0f, std::floor(x[i] * 2 + 8)))) << i;
  x[0] = x[1] = 0.25f;
  const QuantizeSums sums = k().quantize(x.data(), n, 2.0f, 7.5f, 15, u.data());
  double dot = 0, norm2 = 0;
  for (std::size_t i = 0; i < n; ++i) {
    dot += x[i] * (u[i] - 7.5);
    norm2 += (u[i] - 7.5) * (u[i] - 7.5);
  }
  EXPECT_NEAR(sums.dot, dot, 1e-4 * std::fabs(dot));
  EXPECT_NEAR(sums.norm2, norm2, 1e-4 * norm2);
}

TEST_P(CodeKernelsTest, QueriesKeepSumAndSign) {
  const std::size_t n = 64;
  std::vector<float> x(n, 0.0f);
  x[0] = 3;
  x[1] = -3;
  x[2] = 0.4f;
  x[3] = -1.6f;
  std::vector<std::int8_t> q(n);
  EXPECT_EQ(k().max_abs(x.data(), n), 3);
  EXPECT_EQ(k().quantize_query(x.data(), n, 100.0f, q.data()), 127 - 127 + 40 - 127);
  EXPECT_EQ(q[0], 127);
  EXPECT_EQ(q[1], -127);
  EXPECT_EQ(q[2], 40);
}

TEST_P(CodeKernelsTest, AllPairsProductsAreExact) {
  Rng rng(4);
  for (std::size_t n : {64u, 192u, 832u}) {
    const std::size_t columns = 128;
    std::vector<std::int8_t> rows(columns * n), packed(columns * n);
    std::vector<std::int32_t> sums(columns), out(4 * columns);
    for (auto& v : rows) v = static_cast<std::int8_t>(static_cast<int>(rng.below(256)) - 128);
    for (std::size_t c = 0; c < columns; ++c)
      sums[c] = pack_column(rows.data() + c * n, n, c, packed.data());
    const std::int8_t* four[4] = {rows.data(), rows.data() + n, rows.data() + 2 * n,
                                  rows.data() + 77 * n};
    k().rows4(four, packed.data(), sums.data(), n, columns, out.data(), columns);
    for (std::size_t r = 0; r < 4; ++r)
      for (std::size_t c = 0; c < columns; ++c) {
        long expected = 0;
        for (std::size_t i = 0; i < n; ++i) expected += four[r][i] * rows[c * n + i];
        ASSERT_EQ(out[r * columns + c], expected) << r << ' ' << c;
      }
  }
}

// Distances are small integers: every level computes them exactly.
struct Columns {
  std::vector<std::int32_t> dots;
  std::vector<float> norms, scales;

  Columns(std::size_t n, std::size_t range, Rng& rng) : dots(n), norms(n), scales(n, 1.0f) {
    for (std::size_t c = 0; c < n; ++c) {
      dots[c] = static_cast<std::int32_t>(rng.below(range));
      norms[c] = static_cast<float>(rng.below(range));
    }
  }
  std::vector<std::pair<float, std::uint32_t>> nearest(std::size_t skip, std::size_t k) const {
    std::vector<std::pair<float, std::uint32_t>> all;
    for (std::size_t c = 0; c < dots.size(); ++c) {
      const float d = 3.0f - 2.0f * scales[c] * static_cast<float>(dots[c]) + norms[c];
      if (c != skip && d < 1e30f) all.emplace_back(d, static_cast<std::uint32_t>(c));
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min(all.size(), k));
    return all;
  }
};

TEST_P(CodeKernelsTest, TheNearestColumnsAreThoseOfASort) {
  Rng rng(11);
  for (const std::size_t n : {16u, 32u, 48u, 64u, 384u, 1008u})
    for (const int most : {1, 5, 12, 31, 32, 40, 64})
      // Few different distances: many are equal, and those of the first columns count.
      for (const std::size_t range : {1u, 4u, 1000u, 1000000u})
        for (const std::size_t skip : {std::size_t{0}, n - 1, ~std::size_t{0}}) {
          Columns columns(n, range, rng);
          for (std::size_t c = n - n / 4; c < n; ++c) columns.norms[c] = 2e30f;  // padding
          columns.norms[n / 3] = std::numeric_limits<float>::quiet_NaN();
          columns.scales[n / 2] = std::numeric_limits<float>::infinity();
          const auto expected = columns.nearest(skip, static_cast<std::size_t>(most));
          std::vector<float> best(static_cast<std::size_t>(most));
          std::vector<std::uint32_t> index(best.size());
          const int found =
              k().nearest(columns.dots.data(), columns.norms.data(), columns.scales.data(), 3.0f,
                          2.0f, n, skip, most, best.data(), index.data());
          ASSERT_EQ(static_cast<std::size_t>(found), expected.size()) << n << ' ' << most;
          for (std::size_t i = 0; i < expected.size(); ++i) {
            ASSERT_EQ(best[i], expected[i].first) << n << ' ' << most << ' ' << i;
            ASSERT_EQ(index[i], expected[i].second) << n << ' ' << most << ' ' << i;
          }
        }
}

TEST_P(CodeKernelsTest, NoColumnIsNearWhenAllAreDamaged) {
  Rng rng(12);
  Columns columns(384, 10, rng);
  std::fill(columns.norms.begin(), columns.norms.end(), std::numeric_limits<float>::quiet_NaN());
  float best[12];
  std::uint32_t index[12];
  EXPECT_EQ(k().nearest(columns.dots.data(), columns.norms.data(), columns.scales.data(), 3.0f,
                        2.0f, 384, 0, 12, best, index),
            0);
}

TEST_P(CodeKernelsTest, CentroidsAreComparedComponentByComponent) {
  Rng rng(8);
  for (const std::size_t n : {16u, 256u})
    for (std::size_t size = 1; size <= 19; size += 3) {
      std::vector<float> q(size), columns(size * n), out(n);
      for (float& v : q) v = static_cast<float>(rng.normal());
      for (float& v : columns) v = static_cast<float>(rng.normal());
      const auto expect = [&](auto part, const char* what) {
        for (std::size_t c = 0; c < n; ++c) {
          double sum = 0;
          for (std::size_t j = 0; j < size; ++j) sum += part(q[j], columns[j * n + c]);
          ASSERT_NEAR(out[c], sum, 1e-4 * (1 + std::abs(sum))) << what << ' ' << size << ' ' << c;
        }
      };
      k().centroid_squares(q.data(), columns.data(), size, n, out.data());
      expect([](double a, double b) { return (a - b) * (a - b); }, "squares");
      k().centroid_products(q.data(), columns.data(), size, n, out.data());
      expect([](double a, double b) { return a * b; }, "products");
      k().centroid_absolutes(q.data(), columns.data(), size, n, out.data());
      expect([](double a, double b) { return std::abs(a - b); }, "absolutes");
    }
}

TEST_P(CodeKernelsTest, TheFirstOfTheLeastIsFound) {
  std::vector<float> x(64, 3.0f);
  EXPECT_EQ(k().least(x.data(), 64), 0u);
  x[63] = -1;
  EXPECT_EQ(k().least(x.data(), 64), 63u);
  x[17] = x[40] = -2;
  EXPECT_EQ(k().least(x.data(), 64), 17u);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(k().least(x.data(), 64), 17u);
  std::fill(x.begin(), x.end(), std::numeric_limits<float>::infinity());
  EXPECT_EQ(k().least(x.data(), 64), 0u);
}

INSTANTIATE_TEST_SUITE_P(Levels, CodeKernelsTest, ::testing::Range(0, simd::kLevels),
                         [](const auto& info) {
                           return std::string(
                               simd::level_name(static_cast<simd::Level>(info.param)));
                         });

}  // namespace
}  // namespace rv::quant
