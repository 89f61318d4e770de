// Matrix kernels against plain float64 loops, at every level this CPU has.
#include "core/simd/matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/base/rng.h"
#include "core/simd/distance.h"

namespace {

using rv::simd::Level;

class Matrix : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (static_cast<Level>(GetParam()) > rv::simd::cpu_level()) GTEST_SKIP();
    rv::simd::select_level(static_cast<Level>(GetParam()));
  }
  void TearDown() override { rv::simd::select_level(rv::simd::cpu_level()); }
  std::vector<float> random(std::size_t n) {
    std::vector<float> v(n);
    for (float& x : v) x = static_cast<float>(rng_.normal());
    return v;
  }
  rv::Rng rng_{7};
};

TEST_P(Matrix, ProductsOfEveryShapeAndStride) {
  const std::size_t sizes[] = {0, 1, 2, 5, 13, 31, 33, 64, 100, 300};
  for (std::size_t m : {1u, 3u, 12u, 29u})
    for (std::size_t k : sizes)
      for (std::size_t n : {1u, 7u, 16u, 32u, 65u})
        for (int transposed = 0; transposed < 4; ++transposed) {
          const auto a = random(m * k), b = random(k * n), before = random(m * n);
          const std::size_t ars = transposed & 1 ? 1 : k, acs = transposed & 1 ? m : 1;
          const std::size_t brs = transposed & 2 ? 1 : n, bcs = transposed & 2 ? k : 1;
          const rv::simd::PackedMatrix packed(b.data(), brs, bcs, k, n);
          for (bool accumulate : {false, true}) {
            auto c = before;
            packed.multiply(a.data(), ars, acs, m, c.data(), n, accumulate);
            for (std::size_t i = 0; i < m; ++i)
              for (std::size_t j = 0; j < n; ++j) {
                double want = accumulate ? before[i * n + j] : 0.0, size = std::abs(want);
                for (std::size_t p = 0; p < k; ++p) {
                  const double term = double(a[i * ars + p * acs]) * b[p * brs + j * bcs];
                  want += term;
                  size += std::abs(term);
                }
                ASSERT_NEAR(c[i * n + j], want, 1e-6 * (1 + size)) << m << 'x' << k << 'x' << n;
              }
          }
        }
}

TEST_P(Matrix, RowsDoNotDependOnTheirNeighbours) {
  const std::size_t m = 37, k = 270, n = 45;
  const auto a = random(m * k), b = random(k * n);
  const rv::simd::PackedMatrix packed(b.data(), n, 1, k, n);
  std::vector<float> all(m * n), one(n);
  packed.multiply(a.data(), k, 1, m, all.data(), n, false);
  for (std::size_t i = 0; i < m; ++i) {
    packed.multiply(a.data() + i * k, k, 1, 1, one.data(), n, false);
    for (std::size_t j = 0; j < n; ++j) ASSERT_EQ(one[j], all[i * n + j]);
  }
}

TEST_P(Matrix, Gathers) {
  const auto& kernels = rv::simd::kernels().matrix;
  const std::size_t rows = 50;
  for (std::size_t n : {1u, 3u, 16u, 17u, 64u, 128u, 131u, 300u})
    for (std::size_t count : {1u, 2u, 9u, 40u}) {
      const auto x = random(rows * n), w = random(2 * count);
      std::vector<std::uint32_t> index(count);
      for (auto& i : index) i = static_cast<std::uint32_t>(rng_.below(rows));
      std::vector<float> weighted(n), plain(n), largest(n);
      kernels.gather_sum(x.data(), n, index.data(), w.data(), 2, count, weighted.data(), n);
      kernels.gather_sum(x.data(), n, index.data(), nullptr, 0, count, plain.data(), n);
      kernels.gather_max(x.data(), n, index.data(), count, largest.data(), n);
      for (std::size_t j = 0; j < n; ++j) {
        double s = 0, t = 0, m = -std::numeric_limits<double>::infinity();
        for (std::size_t e = 0; e < count; ++e) {
          s += double(w[2 * e]) * x[index[e] * n + j];
          t += x[index[e] * n + j];
          m = std::max(m, double(x[index[e] * n + j]));
        }
        ASSERT_NEAR(weighted[j], s, 1e-5 * double(1 + count));
        ASSERT_NEAR(plain[j], t, 1e-5 * double(1 + count));
        ASSERT_EQ(largest[j], m);
      }
    }
}

TEST_P(Matrix, ExponentialsDoNotDependOnTheirPosition) {
  const auto& kernels = rv::simd::kernels().matrix;
  for (std::size_t n = 0; n < 70; ++n) {
    auto x = random(n);
    auto y = x;
    const float total = kernels.exp_shifted(y.data(), n, 0.5f);
    double want = 0;
    for (std::size_t i = 0; i < n; ++i) {
      want += std::exp(double(x[i]) - 0.5);
      ASSERT_NEAR(y[i], std::exp(double(x[i]) - 0.5), 1e-6 * std::exp(double(x[i])));
      float alone = x[i];
      kernels.exp_shifted(&alone, 1, 0.5f);
      ASSERT_EQ(alone, y[i]);
    }
    ASSERT_NEAR(total, want, 1e-5 * (1 + want));
  }
  std::vector<float> a(19, 1.f), b(19, 2.f);
  kernels.add_scaled(0.5f, a.data(), b.data(), 19);
  for (float v : b) ASSERT_EQ(v, 2.5f);
}

INSTANTIATE_TEST_SUITE_P(EveryLevel, Matrix, ::testing::Range(0, rv::simd::kLevels),
                         [](const auto& level) {
                           return std::string(
                               rv::simd::level_name(static_cast<Level>(level.param)));
                         });

}  // namespace
