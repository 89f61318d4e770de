// A prepared query gives the inner products of sparse_inner_product(), bit by bit.
#include "core/types/sparse_lookup.h"

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
