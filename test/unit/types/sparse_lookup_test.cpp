// A prepared query gives the inner products of sparse_inner_product(), bit by bit.
#include "core/types/sparse_lookup.h"

#include "core/simd/distance.h"
#include "sparse_samples.h"

namespace rv {
namespace {

TEST(SparseLookup, EqualsTheInnerProductToTheLastBit) {
  Rng rng(7);
  for (const int dim : {40, 30522, 100'000})
    for (const int na : {0, 1, 7, 16, 33, 40})
      for (const int nb : {0, 1, 15, 40}) {
        auto a = test::random_sparse(rng, dim, na), b = test::random_sparse(rng, dim, nb);
        for (float& x : a.values) x *= 0.1f;
        for (float& x : b.values) x *= 0.7f;
        // Some entries in common, wherever they lie.
        for (std::size_t i = 0; i < std::min(a.indices.size(), b.indices.size()); i += 2)
          a.indices[i] = b.indices[i];
        std::sort(a.indices.begin(), a.indices.end());
        a.indices.erase(std::unique(a.indices.begin(), a.indices.end()), a.indices.end());
        a.values.resize(a.indices.size());
        SparseLookup lookup;
        lookup.remember(b.view());
        EXPECT_TRUE(lookup.holds(b.view()));
        lookup.prepare();
        ASSERT_TRUE(lookup.ready());
        EXPECT_EQ(lookup.inner_product(a.view()), sparse_inner_product(a.view(), b.view()))
            << na << " and " << nb << " of " << dim;
      }
}

// Marks are looked up in registers or in memory, by the level and by the number of entries.
TEST(SparseLookup, DoesSoAtEveryLevelAndLength) {
  Rng rng(11);
  const auto best = simd::active_level();
  for (int level = 0; level <= static_cast<int>(simd::cpu_level()); ++level) {
    simd::select_level(static_cast<simd::Level>(level));
    for (const int dim : {5000, 100'000})
      for (const int nb : {44, 300, 513, 1500, 2048}) {
        const auto b = test::random_sparse(rng, dim, nb);
        SparseLookup lookup;
        lookup.remember(b.view());
        lookup.prepare();
        ASSERT_TRUE(lookup.ready()) << nb;
        for (const int na : {1, 15, 16, 17, 119, 256, 257, 700}) {
          auto a = test::random_sparse(rng, dim, na);
          // Every third entry is one of the query's.
          for (std::size_t i = 0; i < a.indices.size(); i += 3)
            a.indices[i] = b.indices[rng.below(b.indices.size())];
          std::sort(a.indices.begin(), a.indices.end());
          a.indices.erase(std::unique(a.indices.begin(), a.indices.end()), a.indices.end());
          a.values.resize(a.indices.size());
          EXPECT_EQ(lookup.inner_product(a.view()), sparse_inner_product(a.view(), b.view()))
              << na << " and " << nb << " of " << dim << " at level " << level;
        }
      }
  }
  simd::select_level(best);
}

TEST(SparseLookup, DeclinesWhatIsTooDense) {
  Rng rng(1);
  const auto big = test::random_sparse(rng, 100000, 16000);
  SparseLookup lookup;
  lookup.remember(big.view());
  lookup.prepare();
  EXPECT_FALSE(lookup.ready());
  const auto other = test::random_sparse(rng, 100000, 10);
  EXPECT_FALSE(lookup.holds(other.view()));
}

}  // namespace
}  // namespace rv
