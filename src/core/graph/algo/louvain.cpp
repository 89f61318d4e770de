// Communities by modularity: Louvain and Leiden.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/graph/algo/community.h"
#include "core/graph/algo/group_numbers.h"

namespace rv::graph {
namespace {

using Node = Csr::Node;

// An undirected weighted graph; a self-loop's weight counts twice in its node's strength.
struct Level {
  std::vector<std::size_t> offsets;
  std::vector<Node> targets;
  std::vector<double> weights;
  std::vector<double> loops;     // weight of self-loops
  std::vector<double> strength;  // sum of weights at the node, loops twice
  double total = 0;              // sum of strengths: 2 m
  std::size_t size() const { return loops.size(); }
};

// Both directions of every edge, parallel ones as one: their weights added up, or their number.
Level make_level(const Csr& directed) {
  const std::size_t n = directed.node_count();
  const bool weighted = directed.weighted();
  if (directed.edge_count() >= Csr::kNone / 2)
    throw Error(ErrorCode::limit_exceeded, "a graph of " + std::to_string(directed.edge_count()) +
                                               " edges is too large to be made undirected");
  Level out;
  out.loops.assign(n, 0.0);
  out.strength.assign(n, 0.0);
  std::vector<std::uint32_t> starts(n + 1, 0);
  for (Node u = 0; u < n; ++u) {
    const auto next = directed.neighbors(u);
    for (std::size_t k = 0; k < next.size(); ++k) {
      const double w = directed.weight(directed.begin(u) + k);
      if (!(w >= 0) || std::isinf(w))
        throw Error(
            ErrorCode::invalid_argument,
            "weights of communities must be finite and not negative, one is " + std::to_string(w));
      if (next[k] == u) {
        out.loops[u] += w;
        continue;
      }
      ++starts[u + 1];
      ++starts[next[k] + 1];
    }
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  struct Ends {
    std::vector<Node> nodes;
    std::vector<double> weights;
  };
  const auto room = [&] {
    return Ends{std::vector<Node>(starts[n]), std::vector<double>(weighted ? starts[n] : 0)};
  };
  // The lists of neighbours, then once more from them: whoever comes in ascending order leaves his
  // number in ascending order.
  Ends some = room();
  std::vector<std::uint32_t> at(starts.begin(), starts.end() - 1);
  const auto put = [&](Ends& to, Node where, Node number, double w) {
    const std::uint32_t i = at[where]++;
    to.nodes[i] = number;
    if (weighted) to.weights[i] = w;
  };
  for (Node u = 0; u < n; ++u) {
    const auto next = directed.neighbors(u);
    for (std::size_t k = 0; k < next.size(); ++k) {
      if (next[k] == u) continue;
      const double w = directed.weight(directed.begin(u) + k);
      put(some, u, next[k], w);
      put(some, next[k], u, w);
    }
  }
  Ends sorted = room();
  std::copy(starts.begin(), starts.end() - 1, at.begin());
  for (Node u = 0; u < n; ++u)
    for (std::uint32_t i = starts[u]; i < starts[u + 1]; ++i)
      put(sorted, some.nodes[i], u, weighted ? some.weights[i] : 1);
  some = {};
  out.offsets.assign(n + 1, 0);
  out.targets.reserve(sorted.nodes.size());
  out.weights.reserve(sorted.nodes.size());
  for (Node u = 0; u < n; ++u) {
    for (std::uint32_t i = starts[u]; i < starts[u + 1]; ++i) {
      const double w = weighted ? sorted.weights[i] : 1;
      if (i > starts[u] && sorted.nodes[i] == sorted.nodes[i - 1]) {
        out.weights.back() += w;
      } else {
        out.targets.push_back(sorted.nodes[i]);
        out.weights.push_back(w);
      }
      out.strength[u] += w;
    }
    out.offsets[u + 1] = out.targets.size();
    out.strength[u] += 2 * out.loops[u];
    out.total += out.strength[u];
  }
  return out;
}

// Moves nodes to the neighbouring community that gains most, until none gains. With `within`, only
// to communities inside the same group of `within`, and only nodes that are still alone: the
// refinement of Leiden. Returns whether anything moved.
bool move_nodes(const Level& g, Groups& community, double resolution, Rng& rng, const Poll& poll,
                const Groups* within) {
  const std::size_t n = g.size();
  std::vector<double> strength(n, 0.0);
  std::vector<std::uint32_t> members(n, 0);
  for (Node u = 0; u < n; ++u) {
    strength[community[u]] += g.strength[u];
    ++members[community[u]];
  }
  std::vector<Node> queue(n);
  std::iota(queue.begin(), queue.end(), Node{0});
  for (std::size_t k = n; k > 1; --k) std::swap(queue[k - 1], queue[rng.below(k)]);
  std::vector<bool> waiting(n, true);
  std::vector<double> to(n, 0.0);
  std::vector<std::uint32_t> seen;
  bool any = false;
  for (std::size_t head = 0; head < queue.size(); ++head) {
    if ((head & 1023) == 1023) poll();
    // The lists of the nodes that follow are on their way while this one is looked at.
    if (head + 4 < queue.size()) {
      const std::size_t ahead = g.offsets[queue[head + 4]];
      __builtin_prefetch(g.targets.data() + ahead);
      __builtin_prefetch(g.weights.data() + ahead);
    }
    const Node u = queue[head];
    waiting[u] = false;
    const std::uint32_t from = community[u];
    if (within != nullptr && members[from] > 1) continue;
    seen.clear();
    for (std::size_t e = g.offsets[u]; e < g.offsets[u + 1]; ++e) {
      const Node v = g.targets[e];
      if (within != nullptr && (*within)[v] != (*within)[u]) continue;
      const std::uint32_t c = community[v];
      if (to[c] == 0) seen.push_back(c);
      to[c] += g.weights[e];
    }
    // Gain of c against being alone: weight to c - resolution * strength(u) * strength(c) / 2m.
    const double share = resolution * g.strength[u] / g.total;
    strength[from] -= g.strength[u];
    std::uint32_t best = from;
    double gain = to[from] - share * strength[from];
    for (const std::uint32_t c : seen) {
      const double x = to[c] - share * strength[c];
      if (x > gain + 1e-12) {
        gain = x;
        best = c;
      }
    }
    for (const std::uint32_t c : seen) to[c] = 0;
    strength[best] += g.strength[u];
    if (best == from) continue;
    community[u] = best;
    --members[from];
    ++members[best];
    any = true;
    if (within != nullptr) continue;
    for (std::size_t e = g.offsets[u]; e < g.offsets[u + 1]; ++e) {
      const Node v = g.targets[e];
      if (waiting[v] || community[v] == best) continue;
      waiting[v] = true;
      queue.push_back(v);
    }
    if (head > n && head * 2 > queue.size()) {  // keeps the queue short
      queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(head) + 1);
      head = static_cast<std::size_t>(-1);
    }
  }
  return any;
}

// One node for each of the `count` communities.
Level aggregate(const Level& g, const Groups& community, std::uint32_t count) {
  Level out;
  out.offsets.assign(count + 1, 0);
  out.loops.assign(count, 0.0);
  out.strength.assign(count, 0.0);
  out.total = g.total;
  std::vector<std::vector<Node>> members(count);
  for (Node u = 0; u < g.size(); ++u) members[community[u]].push_back(u);
  std::vector<double> to(count, 0.0);
  std::vector<std::uint32_t> seen;
  for (std::uint32_t c = 0; c < count; ++c) {
    seen.clear();
    for (const Node u : members[c]) {
      out.strength[c] += g.strength[u];
      out.loops[c] += g.loops[u];
      for (std::size_t e = g.offsets[u]; e < g.offsets[u + 1]; ++e) {
        const std::uint32_t d = community[g.targets[e]];
        if (d == c) {
          out.loops[c] += g.weights[e] / 2;  // seen from both ends
          continue;
        }
        if (to[d] == 0) seen.push_back(d);
        to[d] += g.weights[e];
      }
    }
    std::sort(seen.begin(), seen.end());
    for (const std::uint32_t d : seen) {
      out.targets.push_back(d);
      out.weights.push_back(to[d]);
      to[d] = 0;
    }
    out.offsets[c + 1] = out.targets.size();
  }
  return out;
}

double level_modularity(const Level& g, const Groups& community, double resolution) {
  if (g.total == 0) return 0;
  std::vector<double> inside(g.size(), 0.0);
  std::vector<double> strength(g.size(), 0.0);
  for (Node u = 0; u < g.size(); ++u) {
    const std::uint32_t c = community[u];
    strength[c] += g.strength[u];
    inside[c] += 2 * g.loops[u];
    for (std::size_t e = g.offsets[u]; e < g.offsets[u + 1]; ++e)
      if (community[g.targets[e]] == c) inside[c] += g.weights[e];
  }
  double q = 0;
  for (std::size_t c = 0; c < g.size(); ++c)
    q += inside[c] / g.total - resolution * (strength[c] / g.total) * (strength[c] / g.total);
  return q;
}

Groups find_communities(const Csr& graph, const LouvainOptions& o, const Poll& poll, bool refine) {
  if (!(o.resolution > 0) || std::isinf(o.resolution))
    throw Error(ErrorCode::invalid_argument,
                "resolution must be above 0, not " + std::to_string(o.resolution));
  Level level = make_level(graph);
  Groups result(level.size());
  std::iota(result.begin(), result.end(), 0U);
  if (level.total == 0) return result;
  Groups community = result;
  Rng rng(o.seed);
  double last = level_modularity(level, community, o.resolution);
  for (int i = 0; i < o.levels; ++i) {
    move_nodes(level, community, o.resolution, rng, poll, nullptr);
    std::uint32_t count = number_groups(community);
    const double now = level_modularity(level, community, o.resolution);
    // What the next level is made of: the communities, or with Leiden their connected parts.
    Groups parts = community;
    std::uint32_t part_count = count;
    if (refine) {
      std::iota(parts.begin(), parts.end(), 0U);
      move_nodes(level, parts, o.resolution, rng, poll, &community);
      part_count = number_groups(parts);
    }
    const bool shrinks = part_count < level.size();
    if (!shrinks || now - last < o.tolerance) {
      for (auto& r : result) r = community[r];
      break;
    }
    last = now;
    Groups next(part_count);
    for (Node u = 0; u < level.size(); ++u) next[parts[u]] = community[u];
    if (i + 1 == o.levels) {
      for (auto& r : result) r = community[r];
      break;
    }
    for (auto& r : result) r = parts[r];
    level = aggregate(level, parts, part_count);
    if (refine) {
      number_groups(next);
      community = std::move(next);
    } else {
      community.resize(part_count);
      std::iota(community.begin(), community.end(), 0U);
    }
  }
  number_groups(result);
  return result;
}

}  // namespace

Groups louvain(const Csr& graph, const LouvainOptions& options, const Poll& poll) {
  return find_communities(graph, options, poll, false);
}

Groups leiden(const Csr& graph, const LouvainOptions& options, const Poll& poll) {
  const Groups found = find_communities(graph, options, poll, true);
  // The last round of moves may have taken a bridge away: each connected part is a community, which
  // never lowers modularity.
  const Csr g = graph.undirected(true);
  constexpr std::uint32_t kFree = 0xffffffff;
  Groups out(found.size(), kFree);
  std::uint32_t next = 0;
  std::vector<Node> queue;
  for (Node s = 0; s < out.size(); ++s) {
    if (out[s] != kFree) continue;
    queue.assign(1, s);
    out[s] = next;
    while (!queue.empty()) {
      const Node u = queue.back();
      queue.pop_back();
      for (const Node v : g.neighbors(u))
        if (out[v] == kFree && found[v] == found[u]) {
          out[v] = next;
          queue.push_back(v);
        }
    }
    ++next;
  }
  return out;
}

double modularity(const Csr& graph, const Groups& groups, double resolution) {
  return level_modularity(make_level(graph), groups, resolution);
}

}  // namespace rv::graph
