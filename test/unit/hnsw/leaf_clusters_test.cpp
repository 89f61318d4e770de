// Data in many tight clusters: what a leaf of the partition sees of them, and that searches find
// their way from one to the next.
#include "core/index/hnsw/leaf_clusters.h"

#include "unit/hnsw/test_index.h"

namespace rv::index::hnsw {
namespace {

// Vectors around `clusters` centres; the centres come first.
std::vector<float> tight(std::size_t n, std::size_t clusters, std::size_t dim, float noise) {
  Rng rng(1);
  std::vector<float> centres(clusters * dim), x(n * dim);
  for (float& c : centres) c = static_cast<float>(rng.normal());
  for (std::size_t i = 0; i < n; ++i) {
    const float* c = centres.data() + rng.below(clusters) * dim;
    for (std::size_t j = 0; j < dim; ++j)
      x[i * dim + j] = c[j] + noise * static_cast<float>(rng.normal());
  }
  return x;
}

LeafClusters::Distances distances_of(const std::vector<float>& x, std::size_t dim) {
  return [&x, dim](std::size_t i, float* out) {
    for (std::size_t j = 0; j < x.size() / dim; ++j) {
      out[j] = 0;
      for (std::size_t d = 0; d < dim; ++d) {
        const float t = x[i * dim + d] - x[j * dim + d];
        out[j] += t * t;
      }
    }
  };
}

TEST(LeafClusters, AreSeenWhereALeafFallsApart) {
  const std::size_t n = 300, dim = 16;
  const auto x = tight(n, 10, dim, 0.05f);
  const auto distances = distances_of(x, dim);
  LeafClusters clusters;
  ASSERT_TRUE(clusters.find(n, 12, distances));
  std::vector<Pair> near;
  std::vector<float> row(n);
  for (std::size_t i = 0; i < n; i += 7) {
    clusters.nearest(i, 4, near);
    ASSERT_EQ(near.size(), 4u);
    distances(i, row.data());
    for (std::size_t a = 0; a < near.size(); ++a) {
      EXPECT_FLOAT_EQ(near[a].distance, row[near[a].position]);
      EXPECT_GT(near[a].distance, 2.0f) << "of its own cluster";
      if (a > 0) {
        EXPECT_GE(near[a].distance, near[a - 1].distance);
      }
    }
  }
  clusters.nearest(0, 100, near);
  EXPECT_EQ(near.size(), 9u);  // all but its own
}

TEST(LeafClusters, AreNotSeenInOneCloudNorInEqualVectors) {
  LeafClusters clusters;
  const auto cloud = tight(300, 1, 16, 1.0f);
  EXPECT_FALSE(clusters.find(300, 12, distances_of(cloud, 16)));
  const std::vector<float> equal(300 * 16, 1.0f);
  EXPECT_FALSE(clusters.find(300, 12, distances_of(equal, 16)));
  EXPECT_FALSE(clusters.find(20, 12, distances_of(cloud, 16)));
}

// Without links between the clusters of a leaf, .91 are found.
TEST(LeafClusters, DoNotMisleadSearches) {
  const std::size_t n = 10000, dim = 32;
  auto x = tight(n + 100, 500, dim, 0.05f);
  const std::vector<float> queries(x.begin() + static_cast<std::ptrdiff_t>(n * dim), x.end());
  x.resize(n * dim);
  Index index({quant::CodecKind::none, quant::Metric::l2, static_cast<int>(dim)}, x.data(), n);
  index.bulk(x.data(), n, dim);
  EXPECT_EQ(index.errors(), 0);
  std::size_t hit = 0;
  for (std::size_t q = 0; q < 100; ++q) {
    std::vector<std::pair<float, std::size_t>> all;
    for (std::size_t i = 0; i < n; ++i) {
      float d = 0;
      for (std::size_t j = 0; j < dim; ++j) {
        const float t = x[i * dim + j] - queries[q * dim + j];
        d += t * t;
      }
      all.push_back({d, i});
    }
    std::partial_sort(all.begin(), all.begin() + 10, all.end());
    const auto found = index.search(&queries[q * dim], 64, 10);
    const std::set<std::size_t> rows(found.begin(), found.end());
    for (std::size_t k = 0; k < 10; ++k) hit += rows.count(all[k].second);
  }
  EXPECT_GE(static_cast<double>(hit) / 1000, 0.965);
}

}  // namespace
}  // namespace rv::index::hnsw
