#include "core/gnn/graph.h"

#include <cmath>
#include <numeric>

#include "core/base/rng.h"

namespace rv::gnn {

template <class T>
Graph<T> make_graph(std::size_t nodes, std::span<const Edge> edges, bool unit) {
  Graph<T> g;
  g.nodes = nodes;
  g.in_weight.assign(nodes, T(0));
  g.loop_weight.assign(nodes, T(0));
  g.in.rows = g.in.columns = nodes;
  // Two counting sorts, by source and then by target, keep each row sorted by source.
  std::vector<std::size_t> start(nodes + 1, 0);
  for (const Edge& e : edges) ++start[e.source + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  std::vector<std::uint32_t> by_source(edges.size());
  for (std::size_t i = 0; i < edges.size(); ++i)
    by_source[start[edges[i].source]++] = static_cast<std::uint32_t>(i);
  g.in.offset.assign(nodes + 1, 0);
  for (const Edge& e : edges) ++g.in.offset[e.target + 1];
  std::partial_sum(g.in.offset.begin(), g.in.offset.end(), g.in.offset.begin());
  std::vector<std::size_t> at(g.in.offset.begin(), g.in.offset.end() - 1);
  g.in.index.resize(edges.size());
  if (!unit) g.in.value.resize(edges.size());
  for (const std::uint32_t i : by_source) {
    const Edge& e = edges[i];
    const std::size_t to = at[e.target]++;
    g.in.index[to] = e.source;
    if (!unit) g.in.value[to] = static_cast<T>(e.weight);
  }
  for (std::size_t i = 0; i < nodes; ++i) {
    // Duplicates of one edge in an order that does not depend on how they were read.
    for (std::size_t e = g.in.offset[i]; !unit && e < g.in.offset[i + 1];) {
      std::size_t end = e + 1;
      while (end < g.in.offset[i + 1] && g.in.index[end] == g.in.index[e]) ++end;
      if (end > e + 1)
        std::sort(g.in.value.begin() + static_cast<std::ptrdiff_t>(e),
                  g.in.value.begin() + static_cast<std::ptrdiff_t>(end));
      e = end;
    }
    for (std::size_t e = g.in.offset[i]; e < g.in.offset[i + 1]; ++e) {
      g.in_weight[i] += g.in.weight(e);
      if (g.in.index[e] == i) g.loop_weight[i] += g.in.weight(e);
    }
  }
  return g;
}

template <class T>
Graph<T> make_undirected(const Graph<T>& graph) {
  std::vector<Edge> edges;
  edges.reserve(2 * graph.in.entries());
  for (std::size_t i = 0; i < graph.in.rows; ++i)
    for (std::size_t e = graph.in.offset[i]; e < graph.in.offset[i + 1]; ++e) {
      const auto target = static_cast<std::uint32_t>(i);
      const std::uint32_t source = graph.in.index[e];
      const auto weight = static_cast<float>(graph.in.weight(e));
      edges.push_back({source, target, weight});
      const auto begin = graph.in.index.begin();
      if (!std::binary_search(begin + static_cast<std::ptrdiff_t>(graph.in.offset[source]),
                              begin + static_cast<std::ptrdiff_t>(graph.in.offset[source + 1]),
                              target))
        edges.push_back({target, source, weight});
    }
  return make_graph<T>(graph.nodes, edges, graph.in.value.empty());
}

template <class T>
void add_self_loops(Graph<T>& graph) {
  Csr<T> out;
  out.rows = graph.in.rows;
  out.columns = graph.in.columns;
  for (std::size_t i = 0; i < graph.nodes; ++i) {
    const bool missing = graph.loop_weight[i] == T(0);
    if (i < graph.in.rows) {
      if (missing) {
        out.index.push_back(static_cast<std::uint32_t>(i));
        if (!graph.in.value.empty()) out.value.push_back(T(1));
      }
      for (std::size_t e = graph.in.offset[i]; e < graph.in.offset[i + 1]; ++e) {
        out.index.push_back(graph.in.index[e]);
        if (!graph.in.value.empty()) out.value.push_back(graph.in.value[e]);
      }
      out.offset.push_back(out.index.size());
    }
    if (!missing) continue;
    graph.loop_weight[i] = T(1);
    graph.in_weight[i] += T(1);
  }
  graph.in = std::move(out);
}

template <class T>
Csr<T> prepare(const Graph<T>& graph, Adjacency kind) {
  const Csr<T>& in = graph.in;
  const bool loops = kind == Adjacency::symmetric_loops || kind == Adjacency::mean_with_self ||
                     kind == Adjacency::attention;
  Csr<T> out;
  out.rows = in.rows;
  out.columns = graph.nodes;
  out.offset.reserve(in.rows + 1);
  out.index.reserve(in.entries() + (loops ? in.rows : 0));
  const bool weighted = kind != Adjacency::attention &&
                        !(kind == Adjacency::raw && in.value.empty() && graph.row_scale.empty());
  if (weighted) out.value.reserve(out.index.capacity());

  // Degrees of A + I (or A) in the whole graph, as 1 / sqrt(d).
  std::vector<T> inverse_root;
  if (kind == Adjacency::symmetric || kind == Adjacency::symmetric_loops) {
    inverse_root.resize(graph.nodes);
    for (std::size_t i = 0; i < graph.nodes; ++i) {
      T d = graph.in_weight[i];
      if (kind == Adjacency::symmetric_loops && graph.loop_weight[i] == T(0)) d += T(1);
      inverse_root[i] = d > T(0) ? T(1) / std::sqrt(d) : T(0);
    }
  }
  const auto push = [&](std::size_t i, std::size_t source, T w) {
    out.index.push_back(static_cast<std::uint32_t>(source));
    if (!weighted) return;
    if (!inverse_root.empty()) w *= inverse_root[i] * inverse_root[source];
    out.value.push_back(w);
  };
  for (std::size_t i = 0; i < in.rows; ++i) {
    const std::size_t begin = out.value.size();
    const T scale = graph.row_scale.empty() ? T(1) : graph.row_scale[i];
    const bool add_loop =
        loops && !(kind == Adjacency::symmetric_loops && graph.loop_weight[i] != T(0));
    // The new self-loop comes first: in a part of a graph, numbers are no order of the sources.
    if (add_loop) push(i, i, T(1));
    for (std::size_t e = in.offset[i]; e < in.offset[i + 1]; ++e) {
      if (kind == Adjacency::attention && in.index[e] == i) continue;
      const bool sums = kind != Adjacency::mean && kind != Adjacency::mean_with_self;
      push(i, in.index[e], sums ? in.weight(e) * scale : in.weight(e));
    }
    if (kind == Adjacency::mean || kind == Adjacency::mean_with_self) {
      T s = 0;
      for (std::size_t e = begin; e < out.value.size(); ++e) s += out.value[e];
      for (std::size_t e = begin; e < out.value.size(); ++e)
        out.value[e] = s != T(0) ? out.value[e] / s : T(0);
    }
    out.offset.push_back(out.index.size());
  }
  return out;
}

std::vector<std::size_t> sample_without_replacement(std::size_t n, std::size_t k,
                                                    std::uint64_t seed) {
  std::vector<std::size_t> chosen;
  if (k >= n) {
    chosen.resize(n);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return chosen;
  }
  Rng rng(seed);
  chosen.reserve(k);
  for (std::size_t j = n - k; j < n; ++j) {
    const std::size_t r = rng.below(j + 1);
    const auto at = std::lower_bound(chosen.begin(), chosen.end(), r);
    if (at != chosen.end() && *at == r) {
      chosen.push_back(j);  // larger than everything chosen so far
    } else {
      chosen.insert(at, r);
    }
  }
  return chosen;
}

template <class T>
Part<T> neighborhood(const Graph<T>& whole, std::span<const std::uint32_t> targets,
                     std::size_t hops, std::span<const int> fanout, std::uint64_t seed) {
  Part<T> part;
  Graph<T>& g = part.graph;
  part.nodes.assign(targets.begin(), targets.end());
  std::vector<std::uint32_t> local(whole.nodes, 0xFFFFFFFFu);
  for (std::size_t i = 0; i < part.nodes.size(); ++i)
    local[part.nodes[i]] = static_cast<std::uint32_t>(i);
  g.within.push_back(part.nodes.size());
  bool sampled = false;
  std::size_t done = 0;
  for (std::size_t h = 0; h < hops; ++h) {
    const std::size_t end = part.nodes.size();
    for (; done < end; ++done) {
      const std::size_t from = part.nodes[done];
      const std::size_t first = whole.in.offset[from], degree = whole.in.degree(from);
      const std::size_t limit =
          h < fanout.size() && fanout[h] > 0 ? static_cast<std::size_t>(fanout[h]) : degree;
      const auto take = [&](std::size_t e) {
        const std::uint32_t source = whole.in.index[e];
        if (local[source] == 0xFFFFFFFFu) {
          local[source] = static_cast<std::uint32_t>(part.nodes.size());
          part.nodes.push_back(source);
        }
        g.in.index.push_back(local[source]);
        if (!whole.in.value.empty()) g.in.value.push_back(whole.in.value[e]);
      };
      if (limit >= degree) {
        for (std::size_t e = first; e < first + degree; ++e) take(e);
      } else {
        sampled = true;
        for (const std::size_t e :
             sample_without_replacement(degree, limit, mix64(seed ^ mix64(from))))
          take(first + e);
      }
      g.in.offset.push_back(g.in.index.size());
      g.row_scale.push_back(limit < degree ? static_cast<T>(degree) / static_cast<T>(limit) : T(1));
    }
    g.within.push_back(part.nodes.size());
  }
  if (!sampled) g.row_scale.clear();
  g.nodes = part.nodes.size();
  g.in.rows = done;
  g.in.columns = g.nodes;
  g.in_weight.resize(g.nodes);
  g.loop_weight.resize(g.nodes);
  for (std::size_t i = 0; i < g.nodes; ++i) {
    g.in_weight[i] = whole.in_weight[part.nodes[i]];
    g.loop_weight[i] = whole.loop_weight[part.nodes[i]];
  }
  return part;
}

#define RV_INSTANTIATE(T)                                                                     \
  template Graph<T> make_graph(std::size_t, std::span<const Edge>, bool);                     \
  template Graph<T> make_undirected(const Graph<T>&);                                         \
  template void add_self_loops(Graph<T>&);                                                    \
  template Csr<T> prepare(const Graph<T>&, Adjacency);                                        \
  template Part<T> neighborhood(const Graph<T>&, std::span<const std::uint32_t>, std::size_t, \
                                std::span<const int>, std::uint64_t);
RV_INSTANTIATE(float)
RV_INSTANTIATE(double)
#undef RV_INSTANTIATE

}  // namespace rv::gnn
