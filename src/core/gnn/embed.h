// Node embeddings from the edges alone.
#pragma once

#include "core/gnn/graph.h"

namespace rv::gnn {

// FastRP, Chen et al. 2019 (arXiv:1908.11512): very sparse random projections, averaged over
// neighbours once per iteration; the result is the weighted sum of the iterations, each with rows
// of length one. iteration_weights[i] belongs to i + 1 hops. normalization_strength s scales a
// node's first vector by degree^s. A node's first vector depends on its key and the seed alone.
struct FastRpOptions {
  std::size_t dimensions = 128;
  std::vector<float> iteration_weights = {0, 1, 1};
  double normalization_strength = 0;
  std::uint64_t seed = 0;
};
Tensor<float> fastrp(const Exec& exec, const Graph<float>& graph,
                     std::span<const std::uint64_t> keys, const FastRpOptions& options);

// node2vec, Grover & Leskovec 2016 (arXiv:1607.00653): random walks that return with weight 1/p and
// leave the neighbourhood with weight 1/q, and skip-gram with negative sampling over them (Mikolov
// et al. 2013). Walks are made in parallel, the skip-gram is one thread's work: same result for any
// number of threads.
struct Node2VecOptions {
  std::size_t dimensions = 128;
  std::size_t walk_length = 80;
  std::size_t walks_per_node = 10;
  double p = 1, q = 1;
  std::size_t window = 10;
  std::size_t negatives = 5;
  int epochs = 1;
  double learning_rate = 0.025;
  std::uint64_t seed = 0;
};
Tensor<float> node2vec(const Exec& exec, const Graph<float>& graph,
                       std::span<const std::uint64_t> keys, const Node2VecOptions& options);

// One walk of at most `length` nodes against the edges from `start`; shorter where a node has no
// in-edge.
std::vector<std::uint32_t> biased_walk(const Graph<float>& graph, std::uint32_t start,
                                       std::size_t length, double p, double q, std::uint64_t seed);

// Personalised propagation (APPNP): z = s, then `hops` times z <- (1 - restart) P z + restart s,
// where P averages over in-edges by weight.
std::vector<float> propagate_scores(const Exec& exec, const Graph<float>& graph,
                                    std::span<const float> start, std::size_t hops, float restart);

}  // namespace rv::gnn
