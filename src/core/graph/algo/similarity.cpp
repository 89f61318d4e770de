#include "core/graph/algo/similarity.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::graph {

using Node = Csr::Node;

namespace {

// Distinct neighbours, ascending.
std::vector<Node> neighbor_set(const Csr& g, Node u) {
  const auto n = g.neighbors(u);
  std::vector<Node> out(n.begin(), n.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::vector<Pair> node_similarity(const Csr& graph, Similarity kind, std::size_t top, double cutoff,
                                  std::size_t least_degree, const Poll& poll) {
  const std::size_t n = graph.node_count();
  const Csr in = graph.reversed();
  std::vector<std::size_t> sizes(n);
  for (Node u = 0; u < n; ++u) sizes[u] = neighbor_set(graph, u).size();
  std::vector<std::uint32_t> common(n, 0);
  std::vector<Node> seen;
  std::vector<Pair> out;
  std::vector<Pair> mine;
  for (Node u = 0; u < n; ++u) {
    if (sizes[u] < std::max<std::size_t>(1, least_degree)) continue;
    seen.clear();
    for (const Node v : neighbor_set(graph, u)) {
      Node last = Csr::kNone;
      for (const Node w : in.neighbors(v)) {
        if (w == last || w == u) continue;
        last = w;
        if (common[w]++ == 0) seen.push_back(w);
      }
      poll();
    }
    mine.clear();
    for (const Node w : seen) {
      const auto shared = static_cast<double>(common[w]);
      common[w] = 0;
      if (sizes[w] < least_degree) continue;
      const auto a = static_cast<double>(sizes[u]);
      const auto b = static_cast<double>(sizes[w]);
      const double score = kind == Similarity::jaccard   ? shared / (a + b - shared)
                           : kind == Similarity::overlap ? shared / std::min(a, b)
                                                         : shared / std::sqrt(a * b);
      if (score >= cutoff) mine.push_back({u, w, score});
    }
    std::sort(mine.begin(), mine.end(), [](const Pair& x, const Pair& y) {
      return x.score != y.score ? x.score > y.score : x.b < y.b;
    });
    if (mine.size() > top) mine.resize(top);
    out.insert(out.end(), mine.begin(), mine.end());
  }
  return out;
}

LinkScore parse_link_score(std::string_view name) {
  if (name == "commonNeighbors") return LinkScore::common_neighbors;
  if (name == "jaccard") return LinkScore::jaccard;
  if (name == "adamicAdar") return LinkScore::adamic_adar;
  if (name == "resourceAllocation") return LinkScore::resource_allocation;
  if (name == "preferentialAttachment") return LinkScore::preferential_attachment;
  throw Error(ErrorCode::invalid_argument,
              "unknown link prediction score \"" + std::string(name.substr(0, 100)) + "\"", {},
              "Use commonNeighbors, jaccard, adamicAdar, resourceAllocation or "
              "preferentialAttachment.");
}

double link_score(const Csr& g, LinkScore kind, Node a, Node b) {
  const auto x = g.neighbors(a);
  const auto y = g.neighbors(b);
  if (kind == LinkScore::preferential_attachment)
    return static_cast<double>(x.size()) * static_cast<double>(y.size());
  double sum = 0;
  double shared = 0;
  for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    if (x[i] < y[j]) {
      ++i;
    } else if (x[i] > y[j]) {
      ++j;
    } else {
      const auto degree = static_cast<double>(g.degree(x[i]));
      shared += 1;
      if (kind == LinkScore::adamic_adar) sum += 1 / std::log(degree);
      if (kind == LinkScore::resource_allocation) sum += 1 / degree;
      ++i;
      ++j;
    }
  }
  if (kind == LinkScore::common_neighbors) return shared;
  if (kind != LinkScore::jaccard) return sum;
  const double all = static_cast<double>(x.size() + y.size()) - shared;
  return all > 0 ? shared / all : 0;
}

std::vector<Node> random_walk(const Csr& graph, Node start, std::size_t length, double p, double q,
                              std::uint64_t seed) {
  if (!(p > 0) || !(q > 0))
    throw Error(ErrorCode::invalid_argument, "return and in-out factors of walks must be above 0");
  Rng rng(seed);
  std::vector<Node> walk{start};
  std::vector<double> chance;
  while (walk.size() <= length) {
    const Node u = walk.back();
    const auto next = graph.neighbors(u);
    if (next.empty()) break;
    if (p == 1 && q == 1 && !graph.weighted()) {
      walk.push_back(next[rng.below(next.size())]);
      continue;
    }
    chance.clear();
    double sum = 0;
    const Node before = walk.size() > 1 ? walk[walk.size() - 2] : Csr::kNone;
    for (std::size_t k = 0; k < next.size(); ++k) {
      double w = graph.weight(graph.begin(u) + k);
      if (!(w >= 0) || std::isinf(w))
        throw Error(
            ErrorCode::invalid_argument,
            "weights of walks must be finite and not negative, one is " + std::to_string(w));
      if (before != Csr::kNone) {
        const auto near = graph.neighbors(before);
        if (next[k] == before) {
          w /= p;
        } else if (!std::binary_search(near.begin(), near.end(), next[k])) {
          w /= q;
        }
      }
      sum += w;
      chance.push_back(sum);
    }
    if (!(sum > 0)) break;
    const double x = rng.uniform() * sum;
    const auto k = std::upper_bound(chance.begin(), chance.end(), x) - chance.begin();
    walk.push_back(next[std::min(static_cast<std::size_t>(k), next.size() - 1)]);
  }
  return walk;
}

std::vector<float> fast_rp(const Csr& directed, std::size_t dim, const std::vector<double>& weights,
                           double normalization, std::uint64_t seed, const Poll& poll) {
  if (dim < 1 || dim > 16000)
    throw Error(ErrorCode::invalid_argument,
                "embedding dimension must be between 1 and 16000, not " + std::to_string(dim));
  const Csr g = directed.undirected(false);
  const std::size_t n = g.node_count();
  std::vector<float> now(n * dim, 0.0F);
  // Entries are sqrt(3) * {1, 0, -1} with chances 1/6, 2/3, 1/6 (Achlioptas), scaled by degree.
  const double total = static_cast<double>(std::max<std::size_t>(1, g.edge_count()));
  for (Node u = 0; u < n; ++u) {
    Rng rng(mix64(seed) ^ static_cast<std::uint64_t>(g.id(u)));
    const double scale =
        std::sqrt(3.0) * std::pow(static_cast<double>(g.degree(u)) / total, normalization);
    for (std::size_t k = 0; k < dim; ++k) {
      const auto r = rng.below(6);
      if (r < 2) now[u * dim + k] = static_cast<float>(r == 0 ? scale : -scale);
    }
    if ((u & 1023) == 1023) poll();
  }
  std::vector<float> out(n * dim, 0.0F);
  std::vector<float> next(n * dim);
  for (const double weight : weights) {
    std::fill(next.begin(), next.end(), 0.0F);
    for (Node u = 0; u < n; ++u) {
      float* row = &next[u * dim];
      double strength = 0;
      for (std::size_t k = 0; k < g.degree(u); ++k) {
        const double w = g.weight(g.begin(u) + k);
        strength += w;
        const float* from = &now[g.neighbors(u)[k] * dim];
        for (std::size_t i = 0; i < dim; ++i) row[i] += static_cast<float>(w) * from[i];
      }
      if (strength > 0)
        for (std::size_t i = 0; i < dim; ++i) row[i] /= static_cast<float>(strength);
      double norm = 0;
      for (std::size_t i = 0; i < dim; ++i) norm += static_cast<double>(row[i]) * row[i];
      if (norm > 0) {
        const auto f = static_cast<float>(weight / std::sqrt(norm));
        for (std::size_t i = 0; i < dim; ++i) out[u * dim + i] += f * row[i];
      }
      if ((u & 255) == 255) poll();
    }
    now.swap(next);
  }
  return out;
}

}  // namespace rv::graph
