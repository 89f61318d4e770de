// Which nodes belong together. Results number the groups 0, 1, ... in the order of their first
// node, so they do not depend on how the work was done.
#pragma once

#include <cstdint>
#include <vector>

#include "core/graph/algo/csr.h"

namespace rv::graph {

using Groups = std::vector<std::uint32_t>;  // group of each node

Groups weak_components(const Csr& graph, const Poll& poll);
// Tarjan, 1972, without recursion.
Groups strong_components(const Csr& graph, const Poll& poll);

// Raghavan, Albert and Kumara, 2007: each node takes the label that weighs most around it. Edges
// count both ways; ties are drawn by the seed, so equal input gives equal output.
Groups label_propagation(const Csr& graph, int iterations, std::uint64_t seed, const Poll& poll);

struct LouvainOptions {
  double resolution = 1.0;  // larger: more and smaller communities
  int levels = 20;
  double tolerance = 1e-7;  // least gain in modularity that another level must bring
  std::uint64_t seed = 1;   // the order in which nodes are visited
};
// Blondel, Guillaume, Lambiotte and Lefebvre, 2008, with a last round over the nodes as Rotta and
// Noack, 2011, do it on every level. Weights must not be negative (22023).
Groups louvain(const Csr& graph, const LouvainOptions& options, const Poll& poll);
// Traag, Waltman and van Eck, 2019: as Louvain, but every community is connected.
Groups leiden(const Csr& graph, const LouvainOptions& options, const Poll& poll);
// Newman's modularity of a partition, the edges taken as undirected.
double modularity(const Csr& graph, const Groups& groups, double resolution = 1.0);

// Triangles that each node is part of; edges undirected, parallel ones and self-loops ignored.
std::vector<std::uint64_t> triangles(const Csr& graph, const Poll& poll);
// Watts and Strogatz, 1998: triangles over pairs of neighbours; 0 below two neighbours.
std::vector<double> clustering_coefficients(const Csr& graph, const Poll& poll);
// Largest k such that the node is in a subgraph whose nodes all have k neighbours (Batagelj and
// Zaversnik, 2003); edges undirected and simple.
std::vector<std::uint32_t> core_numbers(const Csr& graph, const Poll& poll);

}  // namespace rv::graph
