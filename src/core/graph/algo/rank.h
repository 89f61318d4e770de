// Importance of nodes. All scores are in the order of the graph's nodes.
#pragma once

#include <span>
#include <vector>

#include "core/graph/algo/csr.h"
#include "core/parallel/worker_pool.h"

namespace rv::graph {

struct PageRankOptions {
  double damping = 0.85;
  int iterations = 20;
  double tolerance = 1e-7;              // stop when the scores move less than this in all (L1)
  std::span<const Csr::Node> personal;  // restart at these alone, evenly; empty: at all
};
// Page, Brin, Motwani and Winograd, 1999: the chance to find a random surfer at a node; sums to 1.
// Weights, when there are any, say how likely an edge is taken and must not be negative (22023). A
// node without outgoing weight restarts.
std::vector<double> pagerank(const Csr& graph, const PageRankOptions& options, WorkerPool* pool,
                             const Poll& poll);

// Power iteration on the incoming edges, scaled to length 1 (Bonacich, 1972). The diagonal is
// shifted by 1, so that bipartite graphs converge too.
std::vector<double> eigenvector_centrality(const Csr& graph, int iterations, double tolerance,
                                           const Poll& poll);

// Closeness by outgoing distances in steps, for graphs of several parts (Wasserman and Faust,
// 1994): (reached / (n - 1)) * (reached / sum of distances). harmonic: sum of 1 / distance over
// n - 1. `sample` > 0: only that many nodes, chosen by the seed, get a score; the others NaN.
std::vector<double> closeness(const Csr& graph, bool harmonic, std::size_t sample,
                              std::uint64_t seed, const Poll& poll);

// Brandes, 2001: the number of shortest paths (in steps) through a node, as fractions of all of a
// pair's. `sample` > 0: from that many sources alone, scaled to all. `directed` false: the graph
// holds every edge both ways, and each pair counts once.
std::vector<double> betweenness(const Csr& graph, bool directed, std::size_t sample,
                                std::uint64_t seed, const Poll& poll);

}  // namespace rv::graph
