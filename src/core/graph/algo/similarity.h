// How alike nodes are by their neighbours, walks, and embeddings made of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/graph/algo/csr.h"

namespace rv::graph {

enum class Similarity { jaccard, overlap, cosine };  // of the sets of outgoing neighbours
struct Pair {
  Csr::Node a, b;
  double score;
};
// For each node with at least `least_degree` neighbours the `top` most similar others, a < b not
// implied: each node has its own list, best first. Cost grows with the sum of squared in-degrees.
std::vector<Pair> node_similarity(const Csr& graph, Similarity kind, std::size_t top, double cutoff,
                                  std::size_t least_degree, const Poll& poll);

enum class LinkScore {
  common_neighbors,
  jaccard,
  adamic_adar,             // sum of 1 / ln(degree) over common neighbours
  resource_allocation,     // sum of 1 / degree
  preferential_attachment  // product of degrees
};
// 22023 for an unknown name.
LinkScore parse_link_score(std::string_view name);
// Of two nodes of an undirected simple graph (Csr::undirected(true)); Liben-Nowell and Kleinberg,
// 2007.
double link_score(const Csr& undirected, LinkScore kind, Csr::Node a, Csr::Node b);

// node2vec walks (Grover and Leskovec, 2016): p, the reluctance to return, q, to go far; 1 and 1
// are plain random walks. Weights say how likely an edge is. Walks end early where no edge goes on.
std::vector<Csr::Node> random_walk(const Csr& graph, Csr::Node start, std::size_t length, double p,
                                   double q, std::uint64_t seed);

// FastRP (Chen et al., 2019): sparse random projections of the powers of the transition matrix,
// each normalised, summed up by `weights`; `dim` numbers a node, one node after the other.
std::vector<float> fast_rp(const Csr& graph, std::size_t dim, const std::vector<double>& weights,
                           double normalization, std::uint64_t seed, const Poll& poll);

}  // namespace rv::graph
