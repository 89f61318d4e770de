// Connected components, label propagation.
#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "core/base/rng.h"
#include "core/graph/algo/community.h"
#include "core/graph/algo/group_numbers.h"

namespace rv::graph {

using Node = Csr::Node;

Groups weak_components(const Csr& graph, const Poll& poll) {
  const std::size_t n = graph.node_count();
  std::vector<Node> parent(n);
  std::iota(parent.begin(), parent.end(), Node{0});
  const auto root = [&parent](Node u) {
    while (parent[u] != u) u = parent[u] = parent[parent[u]];
    return u;
  };
  for (Node u = 0; u < n; ++u) {
    for (const Node v : graph.neighbors(u)) {
      const Node a = root(u);
      const Node b = root(v);
      if (a != b) parent[std::max(a, b)] = std::min(a, b);
    }
    if ((u & 4095) == 4095) poll();
  }
  Groups out(n);
  for (Node u = 0; u < n; ++u) out[u] = root(u);
  number_groups(out);
  return out;
}

Groups strong_components(const Csr& graph, const Poll& poll) {
  const std::size_t n = graph.node_count();
  constexpr std::uint32_t kUnseen = 0xffffffff;
  std::vector<std::uint32_t> index(n, kUnseen);
  std::vector<std::uint32_t> low(n);
  std::vector<bool> on_stack(n, false);
  std::vector<Node> stack;
  struct Frame {
    Node node;
    std::size_t edge;
  };
  std::vector<Frame> calls;
  Groups out(n, 0);
  std::uint32_t counter = 0;
  std::uint32_t groups = 0;
  for (Node start = 0; start < n; ++start) {
    if ((start & 4095) == 4095) poll();
    if (index[start] != kUnseen) continue;
    calls.push_back({start, 0});
    while (!calls.empty()) {
      Frame& f = calls.back();
      const Node u = f.node;
      if (f.edge == 0) {
        index[u] = low[u] = counter++;
        stack.push_back(u);
        on_stack[u] = true;
        if ((counter & 4095) == 4095) poll();
      }
      bool descended = false;
      const auto next = graph.neighbors(u);
      while (f.edge < next.size()) {
        const Node v = next[f.edge++];
        if (index[v] == kUnseen) {
          calls.push_back({v, 0});
          descended = true;
          break;
        }
        if (on_stack[v]) low[u] = std::min(low[u], index[v]);
      }
      if (descended) continue;
      if (next.empty() || f.edge >= next.size()) {
        if (low[u] == index[u]) {
          for (;;) {
            const Node v = stack.back();
            stack.pop_back();
            on_stack[v] = false;
            out[v] = groups;
            if (v == u) break;
          }
          ++groups;
        }
        calls.pop_back();
        if (!calls.empty()) low[calls.back().node] = std::min(low[calls.back().node], low[u]);
      }
    }
  }
  number_groups(out);
  return out;
}

Groups label_propagation(const Csr& directed, int iterations, std::uint64_t seed,
                         const Poll& poll) {
  const Csr graph = directed.undirected(false);
  const std::size_t n = graph.node_count();
  Groups label(n);
  std::iota(label.begin(), label.end(), 0U);
  std::vector<Node> order(n);
  std::iota(order.begin(), order.end(), Node{0});
  Rng rng(seed);
  std::vector<double> weight(n, 0.0);
  std::vector<std::uint32_t> seen;
  for (int i = 0; i < iterations; ++i) {
    for (std::size_t k = n; k > 1; --k) std::swap(order[k - 1], order[rng.below(k)]);
    bool moved = false;
    for (std::size_t k = 0; k < n; ++k) {
      const Node u = order[k];
      seen.clear();
      for (std::size_t e = graph.begin(u); e < graph.begin(u) + graph.degree(u); ++e) {
        const std::uint32_t l = label[graph.neighbors(u)[e - graph.begin(u)]];
        if (weight[l] == 0) seen.push_back(l);
        weight[l] += std::max(graph.weight(e), std::numeric_limits<double>::min());
      }
      // Of the labels that weigh most the node's own stays, else one is drawn.
      double most = 0;
      for (const std::uint32_t l : seen) most = std::max(most, weight[l]);
      std::uint32_t best = label[u];
      if (!seen.empty() && weight[best] < most) {
        std::uint64_t tied = 0;
        for (const std::uint32_t l : seen)
          if (weight[l] == most && rng.below(++tied) == 0) best = l;
      }
      for (const std::uint32_t l : seen) weight[l] = 0;
      moved = moved || best != label[u];
      label[u] = best;
      if ((k & 4095) == 4095) poll();
    }
    poll();
    if (!moved) break;
  }
  number_groups(label);
  return label;
}

}  // namespace rv::graph
