// Triangles, clustering and cores of the undirected simple graph.
#include <algorithm>
#include <numeric>
#include <utility>

#include "core/graph/algo/community.h"

namespace rv::graph {

using Node = Csr::Node;

namespace {

// Each triangle once: edges go from lower to higher degree, so no list is long.
std::vector<std::uint64_t> count_triangles(const Csr& g, const Poll& poll) {
  const std::size_t n = g.node_count();
  const auto before = [&g](Node a, Node b) {
    return g.degree(a) != g.degree(b) ? g.degree(a) < g.degree(b) : a < b;
  };
  std::vector<std::vector<Node>> up(n);
  for (Node u = 0; u < n; ++u)
    for (const Node v : g.neighbors(u))
      if (before(u, v)) up[u].push_back(v);
  std::vector<std::uint64_t> out(n, 0);
  std::vector<bool> marked(n, false);
  for (Node u = 0; u < n; ++u) {
    for (const Node v : up[u]) marked[v] = true;
    for (const Node v : up[u])
      for (const Node w : up[v])
        if (marked[w]) {
          ++out[u];
          ++out[v];
          ++out[w];
        }
    for (const Node v : up[u]) marked[v] = false;
    if ((u & 255) == 255) poll();
  }
  return out;
}

}  // namespace

std::vector<std::uint64_t> triangles(const Csr& graph, const Poll& poll) {
  return count_triangles(graph.undirected(true), poll);
}

std::vector<double> clustering_coefficients(const Csr& graph, const Poll& poll) {
  const Csr g = graph.undirected(true);
  const auto count = count_triangles(g, poll);
  std::vector<double> out(g.node_count(), 0.0);
  for (Node u = 0; u < g.node_count(); ++u) {
    const auto d = static_cast<double>(g.degree(u));
    if (d >= 2) out[u] = static_cast<double>(count[u]) / (d * (d - 1) / 2);
  }
  return out;
}

std::vector<std::uint32_t> core_numbers(const Csr& graph, const Poll& poll) {
  const Csr g = graph.undirected(true);
  const std::size_t n = g.node_count();
  std::vector<std::uint32_t> degree(n);
  std::uint32_t most = 0;
  for (Node u = 0; u < n; ++u) {
    degree[u] = static_cast<std::uint32_t>(g.degree(u));
    most = std::max(most, degree[u]);
  }
  // Nodes in buckets by what is left of their degree; the smallest goes first.
  std::vector<std::size_t> bucket(most + 2, 0);
  for (const auto d : degree) ++bucket[d + 1];
  std::partial_sum(bucket.begin(), bucket.end(), bucket.begin());
  std::vector<Node> order(n);
  std::vector<std::size_t> place(n);
  std::vector<std::size_t> next(bucket.begin(), bucket.end());
  for (Node u = 0; u < n; ++u) {
    place[u] = next[degree[u]]++;
    order[place[u]] = u;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const Node u = order[i];
    for (const Node v : g.neighbors(u)) {
      if (degree[v] <= degree[u]) continue;
      const std::size_t first = bucket[degree[v]];
      const Node w = order[first];
      std::swap(order[place[v]], order[first]);
      std::swap(place[v], place[w]);
      ++bucket[degree[v]];
      --degree[v];
    }
    if ((i & 4095) == 4095) poll();
  }
  return degree;
}

}  // namespace rv::graph
