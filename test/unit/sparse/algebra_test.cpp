#include "core/sparse/algebra.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/sparse/ranking.h"

namespace rv::sparse {
namespace {

using Map = std::map<int, double>;

SparseBuffer random_vector(Rng& rng, int dim, int nnz) {
  std::map<int, float> m;
  for (int i = 0; i < nnz; ++i)
    m[static_cast<int>(rng.below(static_cast<std::uint64_t>(dim)))] =
        static_cast<float>(rng.below(8)) - 3.5f;
  SparseBuffer b;
  b.dim = dim;
  for (const auto& [i, x] : m) {
    b.indices.push_back(i);
    b.values.push_back(x);
  }
  return b;
}

Map map_of(const SparseBuffer& b) {
  Map m;
  for (std::size_t i = 0; i < b.indices.size(); ++i) m[b.indices[i]] = b.values[i];
  return m;
}

template <class F>
Map reference(const SparseBuffer& a, const SparseBuffer& b, F f) {
  Map x = map_of(a), y = map_of(b), out;
  for (int i = 0; i < a.dim; ++i) {
    const double u = x.count(i) != 0 ? x[i] : 0, v = y.count(i) != 0 ? y[i] : 0;
    if (f(u, v) != 0) out[i] = f(u, v);
  }
  return out;
}

TEST(SparseAlgebra, ArithmeticEqualsDenseArithmetic) {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    const auto a = random_vector(rng, 40, static_cast<int>(rng.below(30))),
               b = random_vector(rng, 40, static_cast<int>(rng.below(30)));
    EXPECT_EQ(map_of(add(a.view(), b.view())),
              reference(a, b, [](double x, double y) { return x + y; }));
    EXPECT_EQ(map_of(subtract(a.view(), b.view())),
              reference(a, b, [](double x, double y) { return x - y; }));
    EXPECT_EQ(map_of(multiply(a.view(), b.view())),
              reference(a, b, [](double x, double y) { return x * y; }));
    EXPECT_EQ(map_of(scale(a.view(), -2)),
              reference(a, a, [](double x, double) { return -2 * x; }));
    EXPECT_EQ(map_of(intersection(a.view(), b.view())),
              reference(a, b, [](double x, double y) { return y != 0 ? x : 0.0; }));
    EXPECT_EQ(map_of(prune(a.view(), 2)),
              reference(a, a, [](double x, double) { return std::fabs(x) >= 2 ? x : 0.0; }));
    Sums one, two;
    one.add(a.view());
    two.add(b.view());
    two.add(a.view());
    one.add(Sums::deserialize(two.serialize()));
    EXPECT_EQ(one.count(), 3);
    EXPECT_EQ(map_of(one.divided(1)),
              reference(a, b, [](double x, double y) { return 2 * x + y; }));
  }
}

TEST(SparseAlgebra, TopKKeepsTheLargestAndTheEarlierOfEqualOnes) {
  const SparseBuffer a{9, {0, 2, 4, 6}, {1, -3, 3, 2}};
  EXPECT_EQ(map_of(top_k(a.view(), 1)), (Map{{2, -3}}));
  EXPECT_EQ(map_of(top_k(a.view(), 3)), (Map{{2, -3}, {4, 3}, {6, 2}}));
  EXPECT_EQ(map_of(top_k(a.view(), 99)), map_of(a));
  EXPECT_TRUE(top_k(a.view(), 0).indices.empty());
  EXPECT_THROW(top_k(a.view(), -1), Error);
}

TEST(SparseAlgebra, CoordinatesMayComeInAnyOrder) {
  const std::int32_t indices[] = {5, 1, 3};
  const float values[] = {2, 1, 0};
  EXPECT_EQ(map_of(from_coordinates(indices, values, 5)), (Map{{0, 1}, {4, 2}}));
  EXPECT_THROW(from_coordinates(indices, values, 4), Error);
  EXPECT_THROW(from_coordinates(indices, std::span(values, 2), 5), Error);
  const std::int32_t twice[] = {1, 2, 1};
  EXPECT_THROW(from_coordinates(twice, values, 5), Error);
  const std::int32_t zero[] = {0, 2, 1};
  EXPECT_THROW(from_coordinates(zero, values, 5), Error);
}

TEST(SparseAlgebra, RefusesWhatDoesNotFit) {
  const SparseBuffer big{2, {0}, {3e38f}}, small{2, {0}, {1e-30f}};
  EXPECT_THROW(add(big.view(), big.view()), Error);
  EXPECT_THROW(multiply(big.view(), big.view()), Error);
  EXPECT_THROW(multiply(small.view(), small.view()), Error);
  EXPECT_THROW(scale(big.view(), 10), Error);
  EXPECT_THROW(scale(big.view(), NAN), Error);
  EXPECT_THROW(prune(big.view(), NAN), Error);
  SparseBuffer even{100000, {}, {}}, odd{100000, {}, {}};
  for (int i = 0; i < 9000; ++i) {
    even.indices.push_back(2 * i);
    odd.indices.push_back(2 * i + 1);
    even.values.push_back(1);
    odd.values.push_back(1);
  }
  EXPECT_THROW(add(even.view(), odd.view()), Error);
  const std::byte junk[30] = {};
  EXPECT_THROW(Sums::deserialize(junk), Error);
  EXPECT_THROW(Sums::deserialize({}), Error);
}

TEST(Ranking, FormulaeHaveTheirTextbookValues) {
  const double tf[] = {3, 0}, df[] = {10, 7};
  const double idf = std::log(1 + (100 - 10 + 0.5) / 10.5);
  EXPECT_NEAR(bm25_score(tf, df, 50, 40, 100, {1.2, 0.75}),
              idf * 3 * 2.2 / (3 + 1.2 * (0.25 + 0.75 * 50 / 40)), 1e-12);
  EXPECT_NEAR(tf_idf(3, 10, 1000), 3 * std::log(100.0), 1e-12);
  EXPECT_DOUBLE_EQ(rrf_score(1, 60), 1.0 / 61);
  EXPECT_THROW(rrf_score(0, 60), Error);
  EXPECT_THROW(rrf_score(1, 0), Error);
  EXPECT_THROW(bm25_score(tf, std::span(df, 1), 50, 40, 100, {}), Error);
  EXPECT_THROW(bm25_score(tf, df, 50, 40, 5, {}), Error);
  EXPECT_THROW(bm25_score(tf, df, 50, NAN, 100, {}), Error);
  EXPECT_THROW(check_bm25({-1, 0.5}), Error);
  EXPECT_THROW(check_bm25({1, 1.5}), Error);
  EXPECT_GE(bm25_idf(10, 20), 0);
}

}  // namespace
}  // namespace rv::sparse
