// Order and hash of sparse vectors: those of the dense vectors they stand for.
#include <set>

#include "core/types/dense.h"
#include "sparse_samples.h"

namespace rv {
namespace {

using test::dense;
using test::random_sparse;

int dense_order(const SparseView& a, const SparseView& b) {
  const auto x = dense(a), y = dense(b);
  return compare<Vector>(x.data(), a.dim, y.data(), b.dim);
}

// Few distinct values and short vectors, so that long common prefixes and equality happen.
SparseBuffer small_sparse(Rng& rng) {
  const int dim = 1 + static_cast<int>(rng.below(5));
  auto v =
      random_sparse(rng, dim, static_cast<int>(rng.below(static_cast<std::uint64_t>(dim) + 1)));
  for (auto& x : v.values) x = rng.below(2) == 0 ? -1.0f : 1.0f;
  return v;
}

TEST(SparseCompare, OrdersAsDenseVectors) {
  Rng rng(21);
  int equal = 0;
  for (int round = 0; round < 50000; ++round) {
    const auto a = small_sparse(rng), b = small_sparse(rng);
    const int order = sparse_compare(a.view(), b.view());
    ASSERT_EQ(order, dense_order(a.view(), b.view()))
        << test::formatted(a.view()) << " and " << test::formatted(b.view());
    ASSERT_EQ(order, -sparse_compare(b.view(), a.view()));
    equal += order == 0;
  }
  EXPECT_GT(equal, 100);
}

TEST(SparseCompare, OrdersLongVectorsAsDenseVectors) {
  Rng rng(22);
  for (int round = 0; round < 500; ++round) {
    const auto a = random_sparse(rng, 500, 100);
    auto b = a;  // differs late, if at all
    if (round % 5 != 0) b.values[90 + rng.below(10)] += 1;
    if (round % 3 == 0) b.dim += 1;
    EXPECT_EQ(sparse_compare(a.view(), b.view()), dense_order(a.view(), b.view()));
  }
}

TEST(SparseCompare, DoesNotCareForTheDimensionItCannotFill) {
  const auto a = test::parsed("{}/1000000000"), b = test::parsed("{1000000000:1}/1000000000");
  EXPECT_EQ(sparse_compare(a.view(), b.view()), -1);
  EXPECT_EQ(sparse_compare(b.view(), a.view()), 1);
  EXPECT_EQ(sparse_compare(a.view(), a.view()), 0);
}

TEST(SparseHash, IsEqualForEqualValuesAndOftenNotForOthers) {
  Rng rng(23);
  for (int round = 0; round < 20000; ++round) {
    const auto a = small_sparse(rng), b = small_sparse(rng);
    if (sparse_compare(a.view(), b.view()) == 0) {
      EXPECT_EQ(sparse_hash(a.view(), 0), sparse_hash(b.view(), 0));
      EXPECT_EQ(sparse_hash(a.view(), 42), sparse_hash(b.view(), 42));
    }
  }
  std::set<std::uint32_t> hashes;
  for (int i = 0; i < 20000; ++i)
    hashes.insert(static_cast<std::uint32_t>(sparse_hash(random_sparse(rng, 5000, 20).view(), 0)));
  EXPECT_GT(hashes.size(), 19980u);  // 0.05 collisions are expected among 2^32
}

TEST(SparseHash, DependsOnEveryPartAndOnTheSeed) {
  const auto hash = [](const char* text, std::uint64_t seed = 0) {
    return sparse_hash(test::parsed(text).view(), seed);
  };
  const std::set<std::uint64_t> all = {hash("{}/3"),        hash("{}/4"),    hash("{1:1}/3"),
                                       hash("{2:1}/3"),     hash("{1:2}/3"), hash("{1:-1}/3"),
                                       hash("{1:1,2:1}/3"), hash("{}/3", 1), hash("{1:1}/3", 1)};
  EXPECT_EQ(all.size(), 9u);
}

// Partitioned tables keep rows by hash: it may never change. The value was computed from the
// definition (splitmix64 over dim, then index and bits of every entry) by other means.
TEST(SparseHash, IsTheSameEverywhere) {
  EXPECT_EQ(sparse_hash(test::parsed("{1:1.5,3:-2}/5").view(), 0), 16122724194944058124u);
}

}  // namespace
}  // namespace rv
