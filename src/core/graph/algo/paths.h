// Ways through a graph: breadth and depth first, shortest paths, spanning trees, orders.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/graph/algo/csr.h"

namespace rv::graph {

// A node reached from the start, in the order of visits.
struct Visit {
  Csr::Node node;
  std::uint32_t depth;
  Csr::Node parent;  // kNone at the start
};
std::vector<Visit> breadth_first(const Csr& graph, Csr::Node start, std::uint32_t max_depth,
                                 const Poll& poll);
std::vector<Visit> depth_first(const Csr& graph, Csr::Node start, std::uint32_t max_depth,
                               const Poll& poll);

struct WeightedPath {
  std::vector<Csr::Node> nodes;
  double cost = 0;
};
// Dijkstra, 1959: distances from `start`, infinity where there is no way. Weights must not be
// negative (22023). `parent` may be null. Stops early at `end` unless it is kNone.
std::vector<double> dijkstra(const Csr& graph, Csr::Node start, Csr::Node end,
                             std::vector<Csr::Node>* parent, const Poll& poll);
std::optional<WeightedPath> shortest_path(const Csr& graph, Csr::Node start, Csr::Node end,
                                          const Poll& poll);
// Hart, Nilsson and Raphael, 1968. `estimate` of the way left must never be more than it is.
std::optional<WeightedPath> a_star(const Csr& graph, Csr::Node start, Csr::Node end,
                                   const std::function<double(Csr::Node)>& estimate,
                                   const Poll& poll);
// Yen, 1971: the k cheapest paths without repeated nodes, cheapest first.
std::vector<WeightedPath> k_shortest_paths(const Csr& graph, Csr::Node start, Csr::Node end,
                                           std::size_t k, const Poll& poll);
// Every cheapest path, up to `limit` of them.
std::vector<WeightedPath> all_shortest_paths(const Csr& graph, Csr::Node start, Csr::Node end,
                                             std::size_t limit, const Poll& poll);

struct TreeEdge {
  Csr::Node source, target;
  double weight;
};
// Kruskal, 1956: the lightest forest that joins what the edges join, direction aside.
std::vector<TreeEdge> minimum_spanning_forest(const Csr& graph, const Poll& poll);

// Every edge goes forward in the order; 22023 when there is a cycle, whose node is named. The
// smallest possible node comes first each time.
std::vector<Csr::Node> topological_order(const Csr& graph, const Poll& poll);

}  // namespace rv::graph
