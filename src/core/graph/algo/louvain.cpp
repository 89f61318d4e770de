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

// An undirected weighted graph; a self-loop's weight counts twice in its node's strength. Parallel
// edges may stay apart: their weights add up wherever they are looked at.
struct Level {
  std::vector<std::uint32_t> offsets;
  std::vector<Node> targets;
  std::vector<double> weights;   // above 0; empty: each is 1
  std::vector<double> loops;     // weight of self-loops
  std::vector<double> strength;  // sum of weights at the node, loops twice
  double total = 0;              // sum of strengths: 2 m
  std::size_t size() const { return loops.size(); }
  double weight(std::size_t e) const { return weights.empty() ? 1.0 : weights[e]; }
};

// Both directions of every edge; an edge of weight 0 ties nothing and is left out.
Level make_level(const Csr& directed) {
  const std::size_t n = directed.node_count();
  const bool weighted = directed.weighted();
  if (directed.edge_count() >= Csr::kNone / 2)
    throw Error(ErrorCode::limit_exceeded, "a graph of " + std::to_string(directed.edge_count()) +
                                               " edges is too large to be made undirected");
  Level out;
  out.loops.assign(n, 0.0);
  out.strength.assign(n, 0.0);
  out.offsets.assign(n + 1, 0);
  for (Node u = 0; u < n; ++u) {
    const auto next = directed.neighbors(u);
    for (std::size_t k = 0; k < next.size(); ++k) {
      const double w = directed.weight(directed.begin(u) + k);
      if (!(w >= 0) || std::isinf(w))
        throw Error(
            ErrorCode::invalid_argument,
            "weights of communities must be finite and not negative, one is " + std::to_string(w));
      out.strength[u] += w;
      out.strength[next[k]] += w;
      if (next[k] == u) {
        out.loops[u] += w;
      } else if (w > 0) {
        ++out.offsets[u + 1];
        ++out.offsets[next[k] + 1];
      }
    }
  }
  out.total = std::accumulate(out.strength.begin(), out.strength.end(), 0.0);
  std::partial_sum(out.offsets.begin(), out.offsets.end(), out.offsets.begin());
  std::vector<std::uint32_t> at(out.offsets.begin(), out.offsets.end() - 1);
  out.targets.resize(out.offsets[n]);
  if (weighted) out.weights.resize(out.offsets[n]);
  for (Node u = 0; u < n; ++u) {
    const auto next = directed.neighbors(u);
    for (std::size_t k = 0; k < next.size(); ++k) {
      const Node v = next[k];
      const double w = directed.weight(directed.begin(u) + k);
      if (v == u || w == 0) continue;
      const std::uint32_t i = at[u]++;
      const std::uint32_t j = at[v]++;
      out.targets[i] = v;
      out.targets[j] = u;
      if (weighted) out.weights[i] = out.weights[j] = w;
    }
  }
  return out;
}

// What a visit needs to know of a community, together: visits jump from one to another.
struct Tie {
  double to = 0;        // weight from the node that is visited
  double strength = 0;  // of its members
};

// Nodes in the order in which they are to be visited. Each is in it at most once, so a ring of one
// place more than there are nodes never fills up.
class Visits {
 public:
  Visits(std::size_t n, Rng& rng) : ring_(n + 1), waiting_(n, 1), tail_(n), size_(n) {
    std::iota(ring_.begin(), ring_.end() - 1, Node{0});
    for (std::size_t k = n; k > 1; --k) std::swap(ring_[k - 1], ring_[rng.below(k)]);
  }
  bool empty() const { return size_ == 0; }
  // One of those to come, or any node.
  Node ahead() const {
    const std::size_t at = head_ + 4;
    return ring_[at < ring_.size() ? at : 0];
  }
  Node take() {
    const Node u = ring_[head_];
    head_ = head_ + 1 == ring_.size() ? 0 : head_ + 1;
    --size_;
    waiting_[u] = 0;
    return u;
  }
  // Without a branch: which neighbours are to be looked at again is anybody's guess.
  void add_if(Node v, bool wanted) {
    const auto wake = static_cast<std::uint8_t>(static_cast<std::uint8_t>(wanted) & ~waiting_[v]);
    ring_[tail_] = v;
    waiting_[v] |= wake;
    size_ += wake;
    tail_ += wake;
    if (tail_ == ring_.size()) tail_ = 0;
  }

 private:
  std::vector<Node> ring_;
  std::vector<std::uint8_t> waiting_;
  std::size_t head_ = 0, tail_, size_;
};

// As many visits as there are nodes end the moves when they gain less than this share of
// modularity: the coarser levels gain it with less work, and what they miss the last round over the
// nodes finds.
constexpr double kLeastGain = 3e-4;

// Moves nodes to the neighbouring community that gains most, until that gains little. With
// `within`, only to communities inside the same group of `within`, and only nodes that are still
// alone: the refinement of Leiden.
template <bool kWeighted>
void move_along(const Level& g, Groups& community, double resolution, Rng& rng, const Poll& poll,
                const Groups* within) {
  const std::size_t n = g.size();
  std::vector<Tie> ties(n);
  std::vector<std::uint32_t> members(within != nullptr ? n : 0, 0);
  std::size_t widest = 0;
  for (Node u = 0; u < n; ++u) {
    ties[community[u]].strength += g.strength[u];
    if (within != nullptr) ++members[community[u]];
    widest = std::max<std::size_t>(widest, g.offsets[u + 1] - g.offsets[u]);
  }
  Visits visits(n, rng);
  std::vector<std::uint32_t> seen(widest + 1);
  const std::uint32_t* const offsets = g.offsets.data();
  const Node* const targets = g.targets.data();
  const double* const weights = g.weights.data();
  double gained = 0;  // by the last visits, as half of modularity times the total
  for (std::size_t left = n; !visits.empty(); --left) {
    if (left == 0) {
      if (2 * gained < kLeastGain * g.total) return;
      gained = 0;
      left = n;
    }
    if (left % 1024 == 0) poll();
    // The lists of the nodes that follow are on their way while this one is looked at.
    const std::size_t ahead = offsets[visits.ahead()];
    __builtin_prefetch(targets + ahead);
    __builtin_prefetch(targets + ahead + 16);
    if constexpr (kWeighted) __builtin_prefetch(weights + ahead);
    const Node u = visits.take();
    const std::uint32_t from = community[u];
    if (within != nullptr && members[from] > 1) continue;
    const std::uint32_t begin = offsets[u];
    const std::uint32_t end = offsets[u + 1];
    std::size_t count = 0;
    for (std::uint32_t e = begin; e < end; ++e) {
      const Node v = targets[e];
      if (within != nullptr && (*within)[v] != (*within)[u]) continue;
      const std::uint32_t c = community[v];
      double& to = ties[c].to;
      seen[count] = c;
      count += to == 0 ? 1 : 0;
      to += kWeighted ? weights[e] : 1.0;
    }
    // Gain of c against being alone: weight to c - resolution * strength(u) * strength(c) / 2m.
    const double share = resolution * g.strength[u] / g.total;
    ties[from].strength -= g.strength[u];
    const double stay = ties[from].to - share * ties[from].strength;
    std::uint32_t best = from;
    double gain = stay + 1e-12;
    for (std::size_t i = 0; i < count; ++i) {
      Tie& tie = ties[seen[i]];
      const double x = tie.to - share * tie.strength;
      tie.to = 0;
      if (x > gain) {
        gain = x;
        best = seen[i];
      }
    }
    ties[best].strength += g.strength[u];
    if (best == from) continue;
    gained += gain - stay;
    community[u] = best;
    if (within != nullptr) {
      --members[from];
      ++members[best];
      continue;
    }
    for (std::uint32_t e = begin; e < end; ++e)
      visits.add_if(targets[e], community[targets[e]] != best);
  }
}

void move_nodes(const Level& g, Groups& community, double resolution, Rng& rng, const Poll& poll,
                const Groups* within) {
  if (g.weights.empty()) {
    move_along<false>(g, community, resolution, rng, poll, within);
  } else {
    move_along<true>(g, community, resolution, rng, poll, within);
  }
}

// One node for each of the `count` communities.
Level aggregate(const Level& g, const Groups& community, std::uint32_t count) {
  Level out;
  out.offsets.assign(count + 1, 0);
  out.loops.assign(count, 0.0);
  out.strength.assign(count, 0.0);
  out.total = g.total;
  std::vector<std::uint32_t> ends(count + 1, 0);
  for (const std::uint32_t c : community) ++ends[c + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Node> members(g.size());
  for (Node u = 0; u < g.size(); ++u) members[ends[community[u]]++] = u;
  std::vector<double> to(count, 0.0);
  std::vector<std::uint32_t> seen(count + 1);
  std::size_t i = 0;
  for (std::uint32_t c = 0; c < count; ++c) {
    std::size_t found = 0;
    for (; i < ends[c]; ++i) {
      if (i + 4 < members.size()) {
        const std::size_t ahead = g.offsets[members[i + 4]];
        __builtin_prefetch(g.targets.data() + ahead);
        __builtin_prefetch(g.targets.data() + ahead + 16);
      }
      const Node u = members[i];
      out.strength[c] += g.strength[u];
      out.loops[c] += g.loops[u];
      for (std::size_t e = g.offsets[u]; e < g.offsets[u + 1]; ++e) {
        const std::uint32_t d = community[g.targets[e]];
        seen[found] = d;
        found += to[d] == 0 ? 1 : 0;
        to[d] += g.weight(e);
      }
    }
    out.loops[c] += to[c] / 2;  // seen from both ends
    to[c] = 0;
    for (std::size_t k = 0; k < found; ++k) {
      const std::uint32_t d = seen[k];
      if (to[d] == 0) continue;
      out.targets.push_back(d);
      out.weights.push_back(to[d]);
      to[d] = 0;
    }
    out.offsets[c + 1] = static_cast<std::uint32_t>(out.targets.size());
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
      if (community[g.targets[e]] == c) inside[c] += g.weight(e);
  }
  double q = 0;
  for (std::size_t c = 0; c < g.size(); ++c)
    q += inside[c] / g.total - resolution * (strength[c] / g.total) * (strength[c] / g.total);
  return q;
}

// Each connected part as a community of its own, which never lowers modularity.
void split_unconnected(const Level& g, Groups& community) {
  constexpr std::uint32_t kFree = 0xffffffff;
  Groups out(g.size(), kFree);
  std::uint32_t next = 0;
  std::vector<Node> queue;
  for (Node s = 0; s < out.size(); ++s) {
    if (out[s] != kFree) continue;
    queue.assign(1, s);
    out[s] = next;
    while (!queue.empty()) {
      const Node u = queue.back();
      queue.pop_back();
      for (std::size_t e = g.offsets[u]; e < g.offsets[u + 1]; ++e) {
        const Node v = g.targets[e];
        if (out[v] != kFree || community[v] != community[u]) continue;
        out[v] = next;
        queue.push_back(v);
      }
    }
    ++next;
  }
  community = std::move(out);
}

Groups find_communities(const Csr& graph, const LouvainOptions& o, const Poll& poll, bool refine) {
  if (!(o.resolution > 0) || std::isinf(o.resolution))
    throw Error(ErrorCode::invalid_argument,
                "resolution must be above 0, not " + std::to_string(o.resolution));
  const Level finest = make_level(graph);
  Groups result(finest.size());
  std::iota(result.begin(), result.end(), 0U);
  if (finest.total == 0) return result;
  Groups community = result;
  Rng rng(o.seed);
  double last = level_modularity(finest, community, o.resolution);
  Level coarse;
  for (int i = 0; i < o.levels; ++i) {
    const Level& level = i == 0 ? finest : coarse;
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
    if (!shrinks || now - last < o.tolerance || i + 1 == o.levels) {
      for (auto& r : result) r = community[r];
      break;
    }
    last = now;
    Groups next(part_count);
    for (Node u = 0; u < level.size(); ++u) next[parts[u]] = community[u];
    for (auto& r : result) r = parts[r];
    coarse = aggregate(level, parts, part_count);
    if (refine) {
      number_groups(next);
      community = std::move(next);
    } else {
      community.resize(part_count);
      std::iota(community.begin(), community.end(), 0U);
    }
  }
  // Whole communities moved on the coarser levels; now a node may leave its own.
  number_groups(result);
  move_nodes(finest, result, o.resolution, rng, poll, nullptr);
  // That may have taken a bridge away.
  if (refine) split_unconnected(finest, result);
  number_groups(result);
  return result;
}

}  // namespace

Groups louvain(const Csr& graph, const LouvainOptions& options, const Poll& poll) {
  return find_communities(graph, options, poll, false);
}

Groups leiden(const Csr& graph, const LouvainOptions& options, const Poll& poll) {
  return find_communities(graph, options, poll, true);
}

double modularity(const Csr& graph, const Groups& groups, double resolution) {
  return level_modularity(make_level(graph), groups, resolution);
}

}  // namespace rv::graph
