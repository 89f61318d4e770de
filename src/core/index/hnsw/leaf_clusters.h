// Clusters inside a leaf of the partition.
//
// A member takes its nearest as candidates. Where a leaf holds many tight clusters, all of these
// are of its own cluster, and nothing would lead from one cluster to the next: insertion, which
// grows a graph while clusters are still sparse, has such links. So in a leaf that falls apart into
// clusters every member also takes the first members of the nearest other clusters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/index/hnsw/pair_table.h"

namespace rv::index::hnsw {

class LeafClusters {
 public:
  // Writes the distances of member i to all n members.
  using Distances = std::function<void(std::size_t i, float* out)>;

  // Looks at a leaf of n members, each of which would take its `k` nearest; false when it does not
  // fall apart. Some members are compared with all, and when it does one of each cluster.
  bool find(std::size_t n, int k, const Distances& distances);
  // How many of the k candidates shall come from other clusters.
  static int share(int k) noexcept { return k / 2; }
  // First members of the `most` clusters that are nearest to member i, its own not among them:
  // positions in the leaf.
  void nearest(std::size_t i, int most, std::vector<Pair>& out) const;

 private:
  std::size_t n_ = 0;
  float border_ = 0;                  // what is nearer is of one cluster
  std::vector<std::uint32_t> first_;  // of each cluster
  std::vector<float> distance_;       // of each first member to all
};

}  // namespace rv::index::hnsw
