#include "core/graph/algo/rank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::graph {
namespace {

using Node = Csr::Node;

// Runs body over all nodes, on the pool when there is one. Work that a stop cut short is done again
// after the poll: body must not depend on what it wrote.
void for_nodes(std::size_t n, WorkerPool* pool, const Poll& poll,
               const std::function<void(std::size_t, std::size_t)>& body) {
  constexpr std::size_t kGrain = 4096;
  if (pool != nullptr && pool->threads() > 1 && n > 2 * kGrain) {
    pool->for_each_chunk(n, kGrain, never_stop, body);
    poll();
    return;
  }
  for (std::size_t i = 0; i < n; i += kGrain) {
    body(i, std::min(n, i + kGrain));
    poll();
  }
}

// k of n nodes without repetition, ascending; all when k is 0 or at least n.
std::vector<Node> sample_nodes(std::size_t n, std::size_t k, std::uint64_t seed) {
  std::vector<Node> nodes(n);
  std::iota(nodes.begin(), nodes.end(), Node{0});
  if (k == 0 || k >= n) return nodes;
  Rng rng(seed);
  for (std::size_t i = 0; i < k; ++i) std::swap(nodes[i], nodes[i + rng.below(n - i)]);
  nodes.resize(k);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

}  // namespace

std::vector<double> pagerank(const Csr& graph, const PageRankOptions& o, WorkerPool* pool,
                             const Poll& poll) {
  if (!(o.damping >= 0 && o.damping < 1))
    throw Error(ErrorCode::invalid_argument,
                "damping factor must be at least 0 and below 1, not " + std::to_string(o.damping));
  const std::size_t n = graph.node_count();
  if (n == 0) return {};
  const Csr in = graph.reversed();
  std::vector<double> share(n);  // 1 / the weight that leaves a node; 0 when none does
  for (Node u = 0; u < n; ++u) {
    double out = 0;
    for (std::size_t e = graph.begin(u); e < graph.begin(u) + graph.degree(u); ++e) {
      if (!(graph.weight(e) >= 0) || std::isinf(graph.weight(e)))
        throw Error(ErrorCode::invalid_argument,
                    "weights of PageRank must be finite and not negative, one is " +
                        std::to_string(graph.weight(e)));
      out += graph.weight(e);
    }
    share[u] = out > 0 ? 1 / out : 0;
  }
  std::vector<double> restart;
  if (!o.personal.empty()) {
    restart.assign(n, 0.0);
    for (const Node u : o.personal) restart[u] += 1.0 / static_cast<double>(o.personal.size());
  }
  const double even = 1.0 / static_cast<double>(n);
  std::vector<double> rank = restart.empty() ? std::vector<double>(n, even) : restart;
  std::vector<double> flow(n);
  std::vector<double> next(n);
  for (int i = 0; i < o.iterations; ++i) {
    double lost = 0;
    for (std::size_t u = 0; u < n; ++u) {
      if (share[u] == 0) lost += rank[u];
      flow[u] = rank[u] * share[u];
    }
    const double back = 1 - o.damping + o.damping * lost;
    for_nodes(n, pool, poll, [&](std::size_t begin, std::size_t end) {
      for (std::size_t v = begin; v < end; ++v) {
        const auto node = static_cast<Node>(v);
        double sum = 0;
        const auto from = in.neighbors(node);
        if (in.weighted()) {
          for (std::size_t k = 0; k < from.size(); ++k)
            sum += flow[from[k]] * in.weight(in.begin(node) + k);
        } else {
          for (const Node u : from) sum += flow[u];
        }
        next[v] = o.damping * sum + back * (restart.empty() ? even : restart[v]);
      }
    });
    double moved = 0;
    for (std::size_t u = 0; u < n; ++u) moved += std::fabs(next[u] - rank[u]);
    rank.swap(next);
    if (moved < o.tolerance) break;
  }
  return rank;
}

std::vector<double> eigenvector_centrality(const Csr& graph, int iterations, double tolerance,
                                           const Poll& poll) {
  const std::size_t n = graph.node_count();
  if (n == 0) return {};
  const Csr in = graph.reversed();
  std::vector<double> x(n, 1.0 / std::sqrt(static_cast<double>(n)));
  std::vector<double> next(n);
  for (int i = 0; i < iterations; ++i) {
    double norm = 0;
    for (Node v = 0; v < n; ++v) {
      double sum = x[v];
      for (std::size_t k = 0; k < in.degree(v); ++k)
        sum += x[in.neighbors(v)[k]] * in.weight(in.begin(v) + k);
      next[v] = sum;
      norm += sum * sum;
      if ((v & 4095) == 4095) poll();
    }
    norm = std::sqrt(norm);
    double moved = 0;
    for (std::size_t v = 0; v < n; ++v) {
      next[v] /= norm;
      moved += std::fabs(next[v] - x[v]);
    }
    x.swap(next);
    if (moved < tolerance) break;
  }
  return x;
}

std::vector<double> closeness(const Csr& graph, bool harmonic, std::size_t sample,
                              std::uint64_t seed, const Poll& poll) {
  const std::size_t n = graph.node_count();
  std::vector<double> score(n, std::numeric_limits<double>::quiet_NaN());
  std::vector<std::uint32_t> distance(n);
  std::vector<Node> queue;
  queue.reserve(n);
  constexpr std::uint32_t kFar = 0xffffffff;
  for (const Node s : sample_nodes(n, sample, seed)) {
    std::fill(distance.begin(), distance.end(), kFar);
    queue.assign(1, s);
    distance[s] = 0;
    double sum = 0;
    for (std::size_t head = 0; head < queue.size(); ++head) {
      const Node u = queue[head];
      if (u != s) sum += harmonic ? 1.0 / distance[u] : distance[u];
      for (const Node v : graph.neighbors(u)) {
        if (distance[v] != kFar) continue;
        distance[v] = distance[u] + 1;
        queue.push_back(v);
      }
      if ((head & 4095) == 4095) poll();
    }
    poll();
    const auto reached = static_cast<double>(queue.size() - 1);
    const auto others = static_cast<double>(n) - 1;
    if (harmonic) {
      score[s] = others > 0 ? sum / others : 0;
    } else {
      score[s] = sum > 0 ? reached / others * (reached / sum) : 0;
    }
  }
  return score;
}

std::vector<double> betweenness(const Csr& graph, bool directed, std::size_t sample,
                                std::uint64_t seed, const Poll& poll) {
  const std::size_t n = graph.node_count();
  std::vector<double> score(n, 0.0);
  std::vector<double> paths(n);
  std::vector<double> dependency(n);
  std::vector<std::int64_t> distance(n);
  std::vector<Node> order;
  order.reserve(n);
  const auto sources = sample_nodes(n, sample, seed);
  for (const Node s : sources) {
    std::fill(paths.begin(), paths.end(), 0.0);
    std::fill(dependency.begin(), dependency.end(), 0.0);
    std::fill(distance.begin(), distance.end(), -1);
    order.assign(1, s);
    paths[s] = 1;
    distance[s] = 0;
    for (std::size_t head = 0; head < order.size(); ++head) {
      const Node u = order[head];
      for (const Node v : graph.neighbors(u)) {
        if (distance[v] < 0) {
          distance[v] = distance[u] + 1;
          order.push_back(v);
        }
        if (distance[v] == distance[u] + 1) paths[v] += paths[u];
      }
      if ((head & 4095) == 4095) poll();
    }
    for (std::size_t i = order.size(); i-- > 0;) {
      const Node u = order[i];
      for (const Node v : graph.neighbors(u))
        if (distance[v] == distance[u] + 1)
          dependency[u] += paths[u] / paths[v] * (1 + dependency[v]);
      if (u != s) score[u] += dependency[u];
    }
    poll();
  }
  const double scale = static_cast<double>(n) /
                       static_cast<double>(std::max<std::size_t>(1, sources.size())) *
                       (directed ? 1 : 0.5);
  for (double& x : score) x *= scale;
  return score;
}

}  // namespace rv::graph
