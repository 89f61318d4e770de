// Louvain and Leiden where communities are hard to find, and on edges that are parallel or weigh
// nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/rng.h"
#include "core/graph/algo/community.h"
#include "core/graph/algo/csr.h"

namespace rv::graph {
namespace {

const Poll kNoPoll = [] {};

Csr make(std::vector<WeightedEdge> edges, bool weighted) { return Csr(edges, {}, weighted); }

// Groups of 100 nodes; this share of the edges leads anywhere. Neighbours have no close numbers.
Csr planted(std::size_t n, std::size_t m, double noise, bool weighted, std::uint64_t seed) {
  Rng rng(seed);
  const auto name = [n](std::uint64_t i) { return static_cast<std::int64_t>(i * 7919 % n); };
  std::vector<WeightedEdge> edges;
  for (std::size_t i = 0; i < m; ++i) {
    const std::uint64_t a = rng.below(n);
    const std::uint64_t b = rng.uniform() < noise ? rng.below(n) : a / 100 * 100 + rng.below(100);
    edges.push_back({name(a), name(b), 0.1 + rng.uniform()});
  }
  return make(std::move(edges), weighted);
}

// Newman's formula, community by community.
double formula(const Csr& g, const Groups& groups) {
  const std::size_t count = *std::max_element(groups.begin(), groups.end()) + std::size_t{1};
  std::vector<double> inside(count, 0.0);
  std::vector<double> strength(count, 0.0);
  double total = 0;
  for (Csr::Node u = 0; u < g.node_count(); ++u)
    for (std::size_t k = 0; k < g.degree(u); ++k) {
      const double w = g.weight(g.begin(u) + k);
      const std::uint32_t a = groups[u];
      const std::uint32_t b = groups[g.neighbors(u)[k]];
      total += 2 * w;
      strength[a] += w;
      strength[b] += w;
      if (a == b) inside[a] += 2 * w;
    }
  double q = 0;
  for (std::size_t c = 0; c < count; ++c)
    q += inside[c] / total - strength[c] / total * (strength[c] / total);
  return q;
}

// Moving nodes until none gains, then communities, reaches 0.271 and 0.320 at its best seed here:
// what is beyond comes from moving nodes once more between the communities that were found.
TEST(Communities, AreBetterThanWithoutTheLastRoundOverTheNodes) {
  for (const bool weighted : {false, true}) {
    const Csr g = planted(2000, 12'000, 0.7, weighted, 5);
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      LouvainOptions options;
      options.seed = seed;
      const Groups a = louvain(g, options, kNoPoll);
      const Groups b = leiden(g, options, kNoPoll);
      EXPECT_GT(formula(g, a), weighted ? 0.323 : 0.28) << "seed " << seed;
      EXPECT_GT(formula(g, b), weighted ? 0.323 : 0.28) << "seed " << seed;
      EXPECT_NEAR(modularity(g, a), formula(g, a), 1e-12);
      EXPECT_EQ(a, louvain(g, options, kNoPoll)) << "same seed, same answer";
    }
  }
}

TEST(Communities, OfOneLevelAreThoseOfNodesAlone) {
  const Csr g = planted(2000, 12'000, 0.2, false, 3);
  LouvainOptions options;
  options.levels = 1;
  const Groups groups = louvain(g, options, kNoPoll);
  EXPECT_GT(formula(g, groups), 0.55);
  EXPECT_LT(formula(g, groups), formula(g, louvain(g, {}, kNoPoll)));
}

// Two cliques of 6; each edge many times, and edges of weight 0 from everywhere to everywhere.
TEST(Communities, TakeParallelEdgesTogetherAndWeightlessOnesForNone) {
  std::vector<WeightedEdge> edges;
  for (std::int64_t a = 0; a < 12; ++a)
    for (std::int64_t b = 0; b < 12; ++b) {
      for (int k = 0; k < 20; ++k) edges.push_back({a, b, 0});
      for (int k = 0; a != b && a / 6 == b / 6 && k < 5; ++k) edges.push_back({a, b, 0.25});
    }
  edges.push_back({5, 6, 0.25});
  const Csr g = make(edges, true);
  for (const Groups& groups : {louvain(g, {}, kNoPoll), leiden(g, {}, kNoPoll)})
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(groups[i], i / 6);
}

// Weights next to which 1e-12 is nothing: rounding must not keep nodes moving to and fro.
TEST(Communities, OfHugeWeightsAreFound) {
  Rng rng(11);
  std::vector<WeightedEdge> edges;
  for (int i = 0; i < 5000; ++i)
    edges.push_back({static_cast<std::int64_t>(rng.below(300)),
                     static_cast<std::int64_t>(rng.below(300)), 1e17 * (1 + rng.uniform())});
  const Csr g = make(edges, true);
  EXPECT_GT(formula(g, louvain(g, {}, kNoPoll)), 0.15);
  EXPECT_GT(formula(g, leiden(g, {}, kNoPoll)), 0.15);
}

}  // namespace
}  // namespace rv::graph
