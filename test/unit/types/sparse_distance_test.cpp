// Distances between sparse vectors against the dense formulas in float64.
#include <cmath>
#include <limits>
#include <tuple>

#include "sparse_samples.h"

namespace rv {
namespace {

using test::dense;
using test::random_sparse;
using test::sparse;

struct Sums {
  double dot = 0, l2_squared = 0, l1 = 0, norm_a = 0, norm_b = 0;
  double absolute_dot = 0;  // sum of |a_i b_i|, to scale rounding errors
};

// By the definitions, over the union of the indices.
Sums by_definition(const SparseView& a, const SparseView& b) {
  Sums s;
  int j = 0;
  const auto add = [&s](double x, double y) {
    s.dot += x * y;
    s.absolute_dot += std::fabs(x * y);
    s.l2_squared += (x - y) * (x - y);
    s.l1 += std::fabs(x - y);
    s.norm_a += x * x;
    s.norm_b += y * y;
  };
  for (int i = 0; i < a.nnz; ++i) {
    for (; j < b.nnz && b.indices[j] < a.indices[i]; ++j) add(0, b.values[j]);
    const bool both = j < b.nnz && b.indices[j] == a.indices[i];
    add(a.values[i], both ? b.values[j] : 0);
    j += both;
  }
  for (; j < b.nnz; ++j) add(0, b.values[j]);
  return s;
}

void expect_exact(const SparseView& a, const SparseView& b) {
  const Sums s = by_definition(a, b);
  EXPECT_EQ(sparse_inner_product(a, b), s.dot);
  EXPECT_EQ(sparse_l2_squared(a, b), s.l2_squared);
  EXPECT_EQ(sparse_l1_distance(a, b), s.l1);
  EXPECT_EQ(sparse_l2_norm(a), std::sqrt(s.norm_a));
  if (s.norm_a > 0 && s.norm_b > 0) {
    EXPECT_NEAR(sparse_cosine_distance(a, b), 1 - s.dot / std::sqrt(s.norm_a * s.norm_b), 1e-6);
  } else {
    EXPECT_TRUE(std::isnan(sparse_cosine_distance(a, b)));
  }
}

// Whole values: any order of summation gives the same float32, so equality is exact. The lengths
// cover both sides of a block, of a run of the search and of the choice between the two.
TEST(SparseDistance, IsExactForWholeValues) {
  Rng rng(1);
  const std::vector<int> lengths = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 257};
  for (const int na : lengths)
    for (const int nb : lengths)
      for (const int dim : {std::max({na, nb, 1}), na + nb + 10, 100 * (na + nb + 1)}) {
        SCOPED_TRACE(testing::Message() << na << " and " << nb << " of " << dim);
        const auto a = random_sparse(rng, dim, na), b = random_sparse(rng, dim, nb);
        expect_exact(a.view(), b.view());
      }
}

TEST(SparseDistance, IsExactWhenOneListIsMuchLonger) {
  Rng rng(2);
  for (const int few : {0, 1, 2, 3, 5, 20, 60})
    for (const int many : {63, 64, 100, 1000, 4001, 16000})
      for (const int dim : {16000, 40000}) {
        SCOPED_TRACE(testing::Message() << few << " and " << many << " of " << dim);
        const auto a = random_sparse(rng, dim, few), b = random_sparse(rng, dim, many);
        expect_exact(a.view(), b.view());
        expect_exact(b.view(), a.view());
      }
}

TEST(SparseDistance, FindsTheFirstAndTheLastEntryOfTheLongerList) {
  Rng rng(3);
  for (int n = 40; n < 120; ++n) {
    const auto many = random_sparse(rng, 1000, n);
    const auto first = sparse(1000, {many.indices.front()}, {3});
    const auto last = sparse(1000, {many.indices.back()}, {3});
    expect_exact(first.view(), many.view());
    expect_exact(last.view(), many.view());
    expect_exact(many.view(), last.view());
  }
}

TEST(SparseDistance, IsExactForDisjointNestedAndEqualLists) {
  Rng rng(4);
  for (const int n : {1, 3, 4, 6, 8, 13, 40}) {
    const auto low = random_sparse(rng, 200, n);
    auto high = low;
    for (auto& i : high.indices) i += 200;
    auto a = low, b = high;
    a.dim = b.dim = 400;
    expect_exact(a.view(), b.view());
    expect_exact(b.view(), a.view());
    auto whole = a;  // a, then b
    whole.indices.insert(whole.indices.end(), b.indices.begin(), b.indices.end());
    whole.values.insert(whole.values.end(), b.values.begin(), b.values.end());
    expect_exact(a.view(), whole.view());
    expect_exact(whole.view(), b.view());
    EXPECT_EQ(sparse_l2_squared(whole.view(), whole.view()), 0);
    EXPECT_EQ(sparse_l1_distance(whole.view(), whole.view()), 0);
    EXPECT_EQ(sparse_cosine_distance(whole.view(), whole.view()), 0);
  }
}

TEST(SparseDistance, RoundsLikeFloat32Sums) {
  Rng rng(5);
  for (int round = 0; round < 300; ++round) {
    auto a = random_sparse(rng, 3000, 1 + static_cast<int>(rng.below(400)));
    auto b = random_sparse(rng, 3000, 1 + static_cast<int>(rng.below(400)));
    for (auto& x : a.values) x = static_cast<float>(rng.normal());
    for (auto& x : b.values) x = static_cast<float>(rng.normal());
    const Sums s = by_definition(a.view(), b.view());
    const double error = 1e-5;
    EXPECT_NEAR(sparse_inner_product(a.view(), b.view()), s.dot, error * s.absolute_dot);
    EXPECT_NEAR(sparse_l2_squared(a.view(), b.view()), s.l2_squared, error * s.l2_squared);
    EXPECT_NEAR(sparse_l1_distance(a.view(), b.view()), s.l1, error * s.l1);
    EXPECT_NEAR(sparse_cosine_distance(a.view(), b.view()),
                1 - s.dot / std::sqrt(s.norm_a * s.norm_b), 1e-5);
  }
}

// A tiny difference next to large equal values must not drown in them.
TEST(SparseDistance, DoesNotCancel) {
  std::vector<std::int32_t> indices;
  std::vector<float> values;
  for (int i = 0; i < 50; ++i) {
    indices.push_back(2 * i);
    values.push_back(1e6f);
  }
  const auto a = sparse(1000, indices, values);
  for (const int at : {1, 51, 99, 500}) {
    auto b = a;
    const auto where = std::upper_bound(b.indices.begin(), b.indices.end(), at);
    b.values.insert(b.values.begin() + (where - b.indices.begin()), 1e-6f);
    b.indices.insert(where, at);
    EXPECT_FLOAT_EQ(static_cast<float>(sparse_l2_squared(a.view(), b.view())), 1e-12f);
    EXPECT_FLOAT_EQ(static_cast<float>(sparse_l1_distance(b.view(), a.view())), 1e-6f);
  }
}

TEST(SparseDistance, OverflowsToInfinityAsPgvector) {
  const auto a = sparse(2, {0}, {3e38f}), b = sparse(2, {0}, {-3e38f}), c = sparse(2, {1}, {1});
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(sparse_inner_product(a.view(), a.view()), infinity);
  EXPECT_EQ(sparse_l1_distance(a.view(), b.view()), infinity);
  EXPECT_EQ(sparse_l2_squared(a.view(), b.view()), infinity);
  EXPECT_EQ(sparse_inner_product(a.view(), c.view()), 0);
  EXPECT_TRUE(std::isnan(sparse_cosine_distance(a.view(), a.view())));
  EXPECT_NEAR(sparse_l2_norm(sparse(2, {0, 1}, {3e37f, 4e37f}).view()), 5e37, 1e31);
}

TEST(SparseNormalize, HasLengthOneAndDropsWhatVanishes) {
  const auto normalized = [](const SparseBuffer& v) {
    SparseBuffer out = v;
    const int kept = sparse_l2_normalize(v.view(), {out.indices.data(), out.values.data()});
    return test::formatted({v.dim, kept, out.indices.data(), out.values.data()});
  };
  EXPECT_EQ(normalized(sparse(2, {0, 1}, {3, 4})), "{1:0.6,2:0.8}/2");
  EXPECT_EQ(normalized(sparse(2, {}, {})), "{}/2");
  EXPECT_EQ(normalized(sparse(1, {0}, {3e38f})), "{1:1}/1");
  EXPECT_EQ(normalized(sparse(1, {0}, {1e-45f})), "{1:1}/1");
  EXPECT_EQ(normalized(sparse(2, {0, 1}, {3e38f, 1e-37f})), "{1:1}/2");
  EXPECT_EQ(normalized(sparse(9, {1, 3, 5, 7}, {3e37f, 3e-37f, 4e37f, 4e-37f})), "{2:0.6,6:0.8}/9");
}

// The view of a damaged value may name any index; pairing must stay inside the arrays.
TEST(SparseDistance, EndsForIndicesInAnyOrder) {
  Rng rng(6);
  for (int round = 0; round < 200; ++round) {
    SparseBuffer a, b;
    for (auto* v : {&a, &b}) {
      v->dim = 10;
      const auto n = rng.below(80);
      for (std::uint64_t i = 0; i < n; ++i) {
        v->indices.push_back(static_cast<std::int32_t>(rng.next()));
        v->values.push_back(1);
      }
    }
    EXPECT_GE(sparse_l1_distance(a.view(), b.view()), 0);
    EXPECT_GE(sparse_inner_product(a.view(), b.view()), 0);
    EXPECT_GE(std::abs(sparse_compare(a.view(), b.view())), 0);
  }
}

}  // namespace
}  // namespace rv
