#include "core/gnn/embed.h"

#include <cmath>

#include "core/base/rng.h"
#include "core/gnn/kernels.h"

namespace rv::gnn {
namespace {

// Draws an in-edge of a node by weight; the row's cumulated weights come from `sums`.
std::size_t draw_edge(const Graph<float>& g, std::size_t node, Rng& rng) {
  const std::size_t first = g.in.offset[node], degree = g.in.degree(node);
  if (g.in.value.empty()) return first + rng.below(degree);
  double left = rng.uniform() * static_cast<double>(g.in_weight[node]);
  for (std::size_t e = first; e + 1 < first + degree; ++e) {
    left -= static_cast<double>(g.in.value[e]);
    if (left < 0) return e;
  }
  return first + degree - 1;
}

bool has_edge(const Graph<float>& g, std::size_t node, std::uint32_t source) {
  const auto begin = g.in.index.begin();
  return std::binary_search(begin + static_cast<std::ptrdiff_t>(g.in.offset[node]),
                            begin + static_cast<std::ptrdiff_t>(g.in.offset[node + 1]), source);
}

}  // namespace

Tensor<float> fastrp(const Exec& exec, const Graph<float>& graph,
                     std::span<const std::uint64_t> keys, const FastRpOptions& options) {
  const std::size_t n = graph.nodes, d = options.dimensions;
  Tensor<float> now(n, d, exec.budget()), next(n, d, exec.budget());
  Tensor<float> out = Tensor<float>::zeros(n, d, exec.budget());
  // Entries are +-sqrt(3) with probability 1/6 each (Li et al. 2006).
  exec.for_rows(n, 8 * d, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Rng rng(mix64(options.seed ^ mix64(keys[i])));
      const double degree = std::max(static_cast<double>(graph.in_weight[i]), 1.0);
      const auto scale =
          static_cast<float>(std::sqrt(3.0) * std::pow(degree, options.normalization_strength));
      for (std::size_t j = 0; j < d; ++j) {
        const std::uint64_t r = rng.below(6);
        now.row(i)[j] = r == 0 ? scale : r == 1 ? -scale : 0.0f;
      }
    }
  });
  const Csr<float> mean = prepare(graph, Adjacency::mean);
  const float* weights = mean.value.data();
  for (const float weight : options.iteration_weights) {
    exec.for_rows(n, mean.row_cost(d), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t e = mean.offset[i];
        gather_sum(now.data(), d, mean.index.data() + e, weights + e, 1, mean.degree(i),
                   next.row(i), d);
        const float length = std::sqrt(dot(next.row(i), next.row(i), d));
        if (length > 0) add_scaled(weight / length, next.row(i), out.row(i), d);
      }
    });
    std::swap(now, next);
  }
  return out;
}

std::vector<std::uint32_t> biased_walk(const Graph<float>& graph, std::uint32_t start,
                                       std::size_t length, double p, double q, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::uint32_t> walk{start};
  // Rejection sampling: propose by weight, accept by the bias (Yang et al. 2019, KnightKing).
  const double largest = std::max({1.0 / p, 1.0, 1.0 / q});
  while (walk.size() < length) {
    const std::uint32_t at = walk.back();
    if (graph.in.degree(at) == 0 || !(graph.in_weight[at] > 0)) break;
    std::uint32_t next = graph.in.index[draw_edge(graph, at, rng)];
    if (walk.size() > 1 && !(p == 1 && q == 1)) {
      const std::uint32_t before = walk[walk.size() - 2];
      for (int tries = 0; tries < 1000; ++tries) {
        const double bias = next == before                  ? 1.0 / p
                            : has_edge(graph, next, before) ? 1.0
                                                            : 1.0 / q;
        if (rng.uniform() * largest <= bias) break;
        next = graph.in.index[draw_edge(graph, at, rng)];
      }
    }
    walk.push_back(next);
  }
  return walk;
}

Tensor<float> node2vec(const Exec& exec, const Graph<float>& graph,
                       std::span<const std::uint64_t> keys, const Node2VecOptions& options) {
  const std::size_t n = graph.nodes, d = options.dimensions;
  Tensor<float> center(n, d, exec.budget());
  Tensor<float> context = Tensor<float>::zeros(n, d, exec.budget());
  for (std::size_t i = 0; i < n; ++i) {
    Rng rng(mix64(options.seed ^ mix64(keys[i])));
    for (std::size_t j = 0; j < d; ++j)
      center.row(i)[j] = static_cast<float>((rng.uniform() - 0.5) / static_cast<double>(d));
  }
  // Negatives by degree^0.75 (Mikolov et al. 2013).
  std::vector<double> cumulated(n);
  double total = 0;
  for (std::size_t i = 0; i < n; ++i)
    cumulated[i] = total += std::pow(static_cast<double>(graph.in.degree(i)) + 1e-3, 0.75);

  const std::size_t batch = 1024;  // walks made at once
  const std::size_t rounds = static_cast<std::size_t>(options.epochs) * options.walks_per_node;
  const double steps = static_cast<double>(std::max<std::size_t>(rounds * n, 1));
  double done = 0;
  std::vector<float> change(d);
  std::vector<std::vector<std::uint32_t>> walks(batch);
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::uint64_t seed = mix64(options.seed ^ mix64(round + 1));
    for (std::size_t first = 0; first < n; first += batch) {
      const std::size_t count = std::min(batch, n - first);
      exec.for_rows(count, 100 * options.walk_length, [&](std::size_t begin, std::size_t end) {
        for (std::size_t w = begin; w < end; ++w)
          walks[w] = biased_walk(graph, static_cast<std::uint32_t>(first + w), options.walk_length,
                                 options.p, options.q, mix64(seed ^ mix64(keys[first + w])));
      });
      for (std::size_t w = 0; w < count; ++w, ++done) {
        const auto& walk = walks[w];
        Rng rng(mix64(seed + first + w));
        const auto rate =
            static_cast<float>(options.learning_rate * std::max(1e-4, 1 - done / steps));
        for (std::size_t i = 0; i < walk.size(); ++i) {
          const std::size_t reach = 1 + rng.below(options.window);
          const std::size_t from = i > reach ? i - reach : 0;
          const std::size_t to = std::min(walk.size(), i + reach + 1);
          for (std::size_t j = from; j < to; ++j) {
            if (j == i || walk[j] == walk[i]) continue;
            float* u = center.row(walk[i]);
            std::fill(change.begin(), change.end(), 0.0f);
            for (std::size_t k = 0; k <= options.negatives; ++k) {
              std::size_t other = walk[j];
              if (k > 0) {
                other = static_cast<std::size_t>(
                    std::lower_bound(cumulated.begin(), cumulated.end(), rng.uniform() * total) -
                    cumulated.begin());
                if (other >= n || other == walk[j]) continue;
              }
              float* v = context.row(other);
              const float s = dot(u, v, d);
              const float g = rate * ((k == 0 ? 1.0f : 0.0f) - 1.0f / (1.0f + std::exp(-s)));
              add_scaled(g, v, change.data(), d);
              add_scaled(g, u, v, d);
            }
            add_scaled(1.0f, change.data(), u, d);
          }
        }
        exec.check_interrupts();
      }
    }
  }
  return center;
}

std::vector<float> propagate_scores(const Exec& exec, const Graph<float>& graph,
                                    std::span<const float> start, std::size_t hops, float restart) {
  const Csr<float> mean = prepare(graph, Adjacency::mean);
  std::vector<float> z(start.begin(), start.end()), next(z.size());
  for (std::size_t hop = 0; hop < hops; ++hop) {
    for (std::size_t i = 0; i < mean.rows; ++i) {
      float s = 0;
      for (std::size_t e = mean.offset[i]; e < mean.offset[i + 1]; ++e)
        s += mean.value[e] * z[mean.index[e]];
      next[i] = (1 - restart) * s + restart * start[i];
    }
    std::swap(z, next);
    exec.check_interrupts();
  }
  return z;
}

}  // namespace rv::gnn
