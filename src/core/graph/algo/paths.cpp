#include "core/graph/algo/paths.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>
#include <set>
#include <string>

#include "core/base/error.h"

namespace rv::graph {
namespace {

using Node = Csr::Node;
constexpr double kFar = std::numeric_limits<double>::infinity();

double checked_weight(const Csr& g, std::size_t e) {
  const double w = g.weight(e);
  if (!(w >= 0))
    throw Error(ErrorCode::invalid_argument,
                "weights of paths must not be negative, one is " + std::to_string(w));
  return w;
}

struct Entry {
  double key;
  Node node;
  bool operator>(const Entry& o) const noexcept {
    return key != o.key ? key > o.key : node > o.node;
  }
};
using Queue = std::priority_queue<Entry, std::vector<Entry>, std::greater<>>;

// Which parts of the graph a search may not use.
struct Forbidden {
  std::vector<bool> nodes;
  std::set<std::pair<Node, Node>> edges;
};

struct Search {
  std::vector<double> distance;
  std::vector<Node> parent;
};

Search search(const Csr& g, Node start, Node end, const std::function<double(Node)>* estimate,
              const Forbidden* forbidden, const Poll& poll) {
  Search s{std::vector<double>(g.node_count(), kFar),
           std::vector<Node>(g.node_count(), Csr::kNone)};
  Queue queue;
  s.distance[start] = 0;
  queue.push({estimate != nullptr ? (*estimate)(start) : 0, start});
  std::size_t steps = 0;
  std::vector<bool> done(g.node_count(), false);
  while (!queue.empty()) {
    const Entry top = queue.top();
    queue.pop();
    if (estimate == nullptr && (done[top.node] || top.key > s.distance[top.node])) continue;
    if (estimate != nullptr && top.key > s.distance[top.node] + (*estimate)(top.node)) continue;
    done[top.node] = true;
    if (top.node == end) break;
    const auto next = g.neighbors(top.node);
    for (std::size_t k = 0; k < next.size(); ++k) {
      const Node v = next[k];
      if (forbidden != nullptr && (forbidden->nodes[v] || forbidden->edges.contains({top.node, v})))
        continue;
      const double d = s.distance[top.node] + checked_weight(g, g.begin(top.node) + k);
      if (d >= s.distance[v]) continue;
      s.distance[v] = d;
      s.parent[v] = top.node;
      queue.push({d + (estimate != nullptr ? (*estimate)(v) : 0), v});
    }
    if ((++steps & 1023) == 0) poll();
  }
  return s;
}

std::optional<WeightedPath> path_to(const Search& s, Node start, Node end) {
  if (s.distance[end] == kFar) return std::nullopt;
  WeightedPath p;
  p.cost = s.distance[end];
  for (Node u = end; u != start; u = s.parent[u]) p.nodes.push_back(u);
  p.nodes.push_back(start);
  std::reverse(p.nodes.begin(), p.nodes.end());
  return p;
}

// The cheapest of parallel edges from u to v.
double edge_cost(const Csr& g, Node u, Node v) {
  const auto next = g.neighbors(u);
  auto it = std::lower_bound(next.begin(), next.end(), v);
  double cost = kFar;
  for (; it != next.end() && *it == v; ++it)
    cost = std::min(cost, g.weight(g.begin(u) + static_cast<std::size_t>(it - next.begin())));
  return cost;
}

}  // namespace

std::vector<Visit> breadth_first(const Csr& graph, Node start, std::uint32_t max_depth,
                                 const Poll& poll) {
  std::vector<bool> seen(graph.node_count(), false);
  std::vector<Visit> out{{start, 0, Csr::kNone}};
  seen[start] = true;
  for (std::size_t head = 0; head < out.size(); ++head) {
    const Visit u = out[head];
    if (u.depth == max_depth) break;
    for (const Node v : graph.neighbors(u.node)) {
      if (seen[v]) continue;
      seen[v] = true;
      out.push_back({v, u.depth + 1, u.node});
    }
    if ((head & 1023) == 1023) poll();
  }
  return out;
}

std::vector<Visit> depth_first(const Csr& graph, Node start, std::uint32_t max_depth,
                               const Poll& poll) {
  std::vector<bool> seen(graph.node_count(), false);
  std::vector<Visit> out;
  struct Frame {
    Node node;
    std::uint32_t depth;
    std::size_t edge;
  };
  std::vector<Frame> stack{{start, 0, 0}};
  seen[start] = true;
  out.push_back({start, 0, Csr::kNone});
  while (!stack.empty()) {
    Frame& f = stack.back();
    const auto next = graph.neighbors(f.node);
    if (f.edge == next.size() || f.depth == max_depth) {
      stack.pop_back();
      continue;
    }
    const Node v = next[f.edge++];
    if (seen[v]) continue;
    seen[v] = true;
    const Frame child{v, f.depth + 1, 0};
    out.push_back({v, child.depth, f.node});
    stack.push_back(child);
    if ((out.size() & 1023) == 1023) poll();
  }
  return out;
}

std::vector<double> dijkstra(const Csr& graph, Node start, Node end, std::vector<Node>* parent,
                             const Poll& poll) {
  Search s = search(graph, start, end, nullptr, nullptr, poll);
  if (parent != nullptr) *parent = std::move(s.parent);
  return std::move(s.distance);
}

std::optional<WeightedPath> shortest_path(const Csr& graph, Node start, Node end,
                                          const Poll& poll) {
  return path_to(search(graph, start, end, nullptr, nullptr, poll), start, end);
}

std::optional<WeightedPath> a_star(const Csr& graph, Node start, Node end,
                                   const std::function<double(Node)>& estimate, const Poll& poll) {
  return path_to(search(graph, start, end, &estimate, nullptr, poll), start, end);
}

std::vector<WeightedPath> k_shortest_paths(const Csr& graph, Node start, Node end, std::size_t k,
                                           const Poll& poll) {
  std::vector<WeightedPath> out;
  if (k == 0) return out;
  auto first = shortest_path(graph, start, end, poll);
  if (!first) return out;
  out.push_back(std::move(*first));
  std::vector<double> costs_to;  // of the last path, node by node
  std::set<std::pair<double, std::vector<Node>>> candidates;
  Forbidden forbidden{std::vector<bool>(graph.node_count(), false), {}};
  while (out.size() < k) {
    const std::vector<Node> last = out.back().nodes;
    double root_cost = 0;
    for (std::size_t i = 0; i + 1 < last.size(); ++i) {
      if (i > 0) root_cost += edge_cost(graph, last[i - 1], last[i]);
      // Leave the root at last[i] by an edge that no path found so far takes from it.
      forbidden.edges.clear();
      for (const auto& p : out)
        if (p.nodes.size() > i + 1 &&
            std::equal(last.begin(), last.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                       p.nodes.begin()))
          forbidden.edges.insert({p.nodes[i], p.nodes[i + 1]});
      for (std::size_t j = 0; j < i; ++j) forbidden.nodes[last[j]] = true;
      const auto spur =
          path_to(search(graph, last[i], end, nullptr, &forbidden, poll), last[i], end);
      for (std::size_t j = 0; j < i; ++j) forbidden.nodes[last[j]] = false;
      if (!spur) continue;
      std::vector<Node> nodes(last.begin(), last.begin() + static_cast<std::ptrdiff_t>(i));
      nodes.insert(nodes.end(), spur->nodes.begin(), spur->nodes.end());
      candidates.emplace(root_cost + spur->cost, std::move(nodes));
    }
    if (candidates.empty()) break;
    auto best = candidates.extract(candidates.begin());
    out.push_back({std::move(best.value().second), best.value().first});
  }
  return out;
}

std::vector<WeightedPath> all_shortest_paths(const Csr& graph, Node start, Node end,
                                             std::size_t limit, const Poll& poll) {
  std::vector<WeightedPath> out;
  // Distances to the end tell which edges lie on a cheapest path.
  const Csr back = graph.reversed();
  const auto left = dijkstra(back, end, Csr::kNone, nullptr, poll);
  if (left[start] == kFar) return out;
  struct Frame {
    Node node;
    std::size_t edge;
  };
  std::vector<Frame> stack{{start, 0}};
  std::vector<bool> on_path(graph.node_count(), false);  // zero weights could go round in circles
  on_path[start] = true;
  std::size_t steps = 0;
  while (!stack.empty() && out.size() < limit) {
    if ((++steps & 1023) == 0) poll();
    Frame& f = stack.back();
    if (f.node == end && f.edge == 0) {
      WeightedPath p;
      p.cost = left[start];
      for (const auto& x : stack) p.nodes.push_back(x.node);
      if (out.empty() || out.back().nodes != p.nodes) out.push_back(std::move(p));
      f.edge = graph.degree(f.node);
    }
    const auto next = graph.neighbors(f.node);
    if (f.edge >= next.size()) {
      on_path[f.node] = false;
      stack.pop_back();
      continue;
    }
    const std::size_t k = f.edge++;
    const Node v = next[k];
    // Parallel edges make the same path of nodes: the cheapest speaks for all.
    if (k > 0 && next[k - 1] == v) continue;
    const double w = edge_cost(graph, f.node, v);
    if (on_path[v] || left[v] == kFar) continue;
    if (std::fabs(w + left[v] - left[f.node]) > 1e-9 * std::fmax(1.0, left[f.node])) continue;
    on_path[v] = true;
    stack.push_back({v, 0});
  }
  return out;
}

std::vector<TreeEdge> minimum_spanning_forest(const Csr& graph, const Poll& poll) {
  std::vector<TreeEdge> edges;
  edges.reserve(graph.edge_count());
  for (Node u = 0; u < graph.node_count(); ++u)
    for (std::size_t k = 0; k < graph.degree(u); ++k)
      if (graph.neighbors(u)[k] != u)
        edges.push_back({u, graph.neighbors(u)[k], graph.weight(graph.begin(u) + k)});
  std::stable_sort(edges.begin(), edges.end(),
                   [](const TreeEdge& a, const TreeEdge& b) { return a.weight < b.weight; });
  poll();
  std::vector<Node> parent(graph.node_count());
  std::iota(parent.begin(), parent.end(), Node{0});
  const auto root = [&parent](Node u) {
    while (parent[u] != u) u = parent[u] = parent[parent[u]];
    return u;
  };
  std::vector<TreeEdge> out;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Node a = root(edges[i].source);
    const Node b = root(edges[i].target);
    if (a != b) {
      parent[std::max(a, b)] = std::min(a, b);
      out.push_back(edges[i]);
    }
    if ((i & 4095) == 4095) poll();
  }
  return out;
}

std::vector<Node> topological_order(const Csr& graph, const Poll& poll) {
  const std::size_t n = graph.node_count();
  std::vector<std::uint32_t> missing(n, 0);
  for (Node u = 0; u < n; ++u)
    for (const Node v : graph.neighbors(u)) ++missing[v];
  std::priority_queue<Node, std::vector<Node>, std::greater<>> ready;
  for (Node u = 0; u < n; ++u)
    if (missing[u] == 0) ready.push(u);
  std::vector<Node> out;
  out.reserve(n);
  while (!ready.empty()) {
    const Node u = ready.top();
    ready.pop();
    out.push_back(u);
    for (const Node v : graph.neighbors(u))
      if (--missing[v] == 0) ready.push(v);
    if ((out.size() & 4095) == 0) poll();
  }
  if (out.size() == n) return out;
  for (Node u = 0; u < n; ++u)
    if (missing[u] > 0)
      throw Error(ErrorCode::invalid_argument,
                  "the graph has a cycle, on or before node " + std::to_string(graph.id(u)), {},
                  "Only graphs without cycles have a topological order.");
  return out;
}

}  // namespace rv::graph
