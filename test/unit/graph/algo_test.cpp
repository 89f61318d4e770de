// Graph algorithms against brute force and formulas on random graphs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/graph/algo/community.h"
#include "core/graph/algo/csr.h"
#include "core/graph/algo/paths.h"
#include "core/graph/algo/rank.h"
#include "core/graph/algo/similarity.h"

namespace rv::graph {
namespace {

using Node = Csr::Node;
const Poll kNoPoll = [] {};
constexpr double kFar = std::numeric_limits<double>::infinity();

std::vector<WeightedEdge> random_edges(std::size_t n, std::size_t m, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<WeightedEdge> edges;
  for (std::size_t i = 0; i < m; ++i)
    edges.push_back({static_cast<std::int64_t>(rng.below(n)) * 10,
                     static_cast<std::int64_t>(rng.below(n)) * 10,
                     static_cast<double>(1 + rng.below(9))});
  return edges;
}

Csr make(std::vector<WeightedEdge> edges, bool weighted = true,
         std::vector<std::int64_t> extra = {}) {
  return Csr(edges, extra, weighted);
}

// dense[u][v]: the cheapest edge, infinity without one.
std::vector<std::vector<double>> matrix(const Csr& g) {
  std::vector<std::vector<double>> a(g.node_count(), std::vector<double>(g.node_count(), kFar));
  for (Node u = 0; u < g.node_count(); ++u)
    for (std::size_t k = 0; k < g.degree(u); ++k) {
      double& x = a[u][g.neighbors(u)[k]];
      x = std::min(x, g.weight(g.begin(u) + k));
    }
  return a;
}

std::vector<std::vector<double>> floyd_warshall(const Csr& g, bool steps) {
  auto d = matrix(g);
  const std::size_t n = d.size();
  for (auto& row : d)
    for (auto& x : row)
      if (steps && x != kFar) x = 1;
  for (std::size_t i = 0; i < n; ++i) d[i][i] = 0;
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
  return d;
}

TEST(Csr, HoldsWhatWentIn) {
  for (const bool dense : {false, true}) {
    auto edges = random_edges(50, 300, 1);
    if (!dense)
      for (auto& e : edges) {
        e.source *= 1'000'000'007;
        e.target *= 1'000'000'007;
      }
    std::multiset<std::tuple<std::int64_t, std::int64_t, double>> in, out, back;
    for (const auto& e : edges) in.insert({e.source, e.target, e.weight});
    const Csr g = make(edges, true, {-5, 490});
    EXPECT_NE(g.find(-5), Csr::kNone);
    EXPECT_EQ(g.find(7), Csr::kNone);
    const Csr r = g.reversed();
    for (Node u = 0; u < g.node_count(); ++u) {
      EXPECT_EQ(g.find(g.id(u)), u);
      EXPECT_TRUE(std::is_sorted(g.neighbors(u).begin(), g.neighbors(u).end()));
      for (std::size_t k = 0; k < g.degree(u); ++k)
        out.insert({g.id(u), g.id(g.neighbors(u)[k]), g.weight(g.begin(u) + k)});
      for (std::size_t k = 0; k < r.degree(u); ++k)
        back.insert({r.id(r.neighbors(u)[k]), r.id(u), r.weight(r.begin(u) + k)});
    }
    EXPECT_EQ(in, out);
    EXPECT_EQ(in, back);
  }
}

TEST(Csr, UndirectedSimpleAddsWeights) {
  const Csr g = make({{1, 2, 1}, {2, 1, 2}, {1, 2, 4}, {3, 3, 1}, {2, 3, 5}}).undirected(true);
  ASSERT_EQ(g.edge_count(), 4U);
  EXPECT_EQ(g.weight(g.begin(0)), 7);
  EXPECT_EQ(g.degree(1), 2U);
  EXPECT_EQ(g.degree(2), 1U) << "no self-loop";
}

TEST(Csr, RefusesWeightsThatAreNoNumbers) {
  std::vector<WeightedEdge> edges{{1, 2, std::nan("")}};
  EXPECT_THROW(Csr(edges, {}, true), Error);
}

// Solves the PageRank equations by many plain steps on a dense matrix.
std::vector<double> dense_pagerank(const Csr& g, double damping,
                                   const std::vector<double>& restart) {
  const std::size_t n = g.node_count();
  std::vector<std::vector<double>> a(n, std::vector<double>(n, 0.0));
  for (Node u = 0; u < n; ++u) {
    double out = 0;
    for (std::size_t k = 0; k < g.degree(u); ++k) out += g.weight(g.begin(u) + k);
    for (std::size_t k = 0; k < g.degree(u); ++k)
      a[g.neighbors(u)[k]][u] += g.weight(g.begin(u) + k) / out;
    if (out == 0)
      for (std::size_t v = 0; v < n; ++v) a[v][u] = restart[v];
  }
  std::vector<double> x = restart;
  for (int i = 0; i < 500; ++i) {
    std::vector<double> y(n);
    for (std::size_t v = 0; v < n; ++v) {
      y[v] = (1 - damping) * restart[v];
      for (std::size_t u = 0; u < n; ++u) y[v] += damping * a[v][u] * x[u];
    }
    x = y;
  }
  return x;
}

TEST(PageRank, SolvesItsEquations) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Csr g = make(random_edges(40, 120, seed), true, {100'000});
    const std::size_t n = g.node_count();
    PageRankOptions o;
    o.iterations = 300;
    o.tolerance = 0;
    auto expected = dense_pagerank(g, 0.85, std::vector<double>(n, 1.0 / static_cast<double>(n)));
    auto got = pagerank(g, o, nullptr, kNoPoll);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(got[i], expected[i], 1e-9);
    EXPECT_NEAR(std::accumulate(got.begin(), got.end(), 0.0), 1.0, 1e-9);

    const std::vector<Node> personal{3, 7};
    o.personal = personal;
    std::vector<double> restart(n, 0.0);
    restart[3] = restart[7] = 0.5;
    expected = dense_pagerank(g, 0.85, restart);
    got = pagerank(g, o, nullptr, kNoPoll);
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(got[i], expected[i], 1e-9);
  }
}

TEST(PageRank, GivesTheSameOnThreads) {
  const Csr g = make(random_edges(20'000, 60'000, 5), false);
  WorkerPool pool(2);
  const auto a = pagerank(g, {}, nullptr, kNoPoll);
  const auto b = pagerank(g, {}, &pool, kNoPoll);
  EXPECT_EQ(a, b);
}

TEST(Eigenvector, IsAnEigenvector) {
  const Csr g = make(random_edges(30, 200, 4), true).undirected(false);
  const auto x = eigenvector_centrality(g, 2000, 1e-14, kNoPoll);
  std::vector<double> y(x.size(), 0.0);
  for (Node u = 0; u < x.size(); ++u)
    for (std::size_t k = 0; k < g.degree(u); ++k)
      y[g.neighbors(u)[k]] += x[u] * g.weight(g.begin(u) + k);
  const double lambda = y[0] / x[0];
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], lambda * x[i], 1e-6 * lambda);
}

TEST(Closeness, AgreesWithFloydWarshall) {
  const Csr g = make(random_edges(30, 60, 6));
  const auto d = floyd_warshall(g, true);
  const auto c = closeness(g, false, 0, 1, kNoPoll);
  const auto h = closeness(g, true, 0, 1, kNoPoll);
  const double others = static_cast<double>(d.size()) - 1;
  for (std::size_t i = 0; i < d.size(); ++i) {
    double sum = 0, reached = 0, inverse = 0;
    for (std::size_t j = 0; j < d.size(); ++j) {
      if (i == j || d[i][j] == kFar) continue;
      sum += d[i][j];
      inverse += 1 / d[i][j];
      reached += 1;
    }
    EXPECT_NEAR(c[i], sum > 0 ? reached / others * reached / sum : 0, 1e-12);
    EXPECT_NEAR(h[i], inverse / others, 1e-12);
  }
  const auto sampled = closeness(g, false, 5, 1, kNoPoll);
  EXPECT_EQ(std::count_if(sampled.begin(), sampled.end(), [](double x) { return !std::isnan(x); }),
            5);
}

TEST(Betweenness, CountsShortestPaths) {
  const Csr g = make(random_edges(14, 30, 7)).undirected(true);
  const auto d = floyd_warshall(g, true);
  const std::size_t n = d.size();
  // Paths by dynamic programming over distances.
  std::vector<std::vector<double>> count(n, std::vector<double>(n, 0.0));
  for (std::size_t s = 0; s < n; ++s) {
    count[s][s] = 1;
    for (double level = 1; level < static_cast<double>(n); ++level)
      for (Node v = 0; v < n; ++v)
        if (d[s][v] == level)
          for (const Node u : g.neighbors(v))
            if (d[s][u] == level - 1) count[s][v] += count[s][u];
  }
  const auto b = betweenness(g, false, 0, 1, kNoPoll);
  for (std::size_t v = 0; v < n; ++v) {
    double expected = 0;
    for (std::size_t s = 0; s < n; ++s)
      for (std::size_t t = s + 1; t < n; ++t)
        if (s != v && t != v && d[s][t] != kFar && d[s][v] + d[v][t] == d[s][t])
          expected += count[s][v] * count[v][t] / count[s][t];
    EXPECT_NEAR(b[v], expected, 1e-9);
  }
}

TEST(Components, AgreeWithReachability) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const Csr g = make(random_edges(40, 45, seed), false, {999'999});
    const auto d = floyd_warshall(g, true);
    const auto w = floyd_warshall(g.undirected(false), true);
    const auto weak = weak_components(g, kNoPoll);
    const auto strong = strong_components(g, kNoPoll);
    for (std::size_t i = 0; i < d.size(); ++i)
      for (std::size_t j = 0; j < d.size(); ++j) {
        EXPECT_EQ(weak[i] == weak[j], w[i][j] != kFar);
        EXPECT_EQ(strong[i] == strong[j], d[i][j] != kFar && d[j][i] != kFar);
      }
  }
}

TEST(Components, NeedNoStackForLongPaths) {
  std::vector<WeightedEdge> edges;
  for (std::int64_t i = 0; i < 300'000; ++i) edges.push_back({i, i + 1, 1});
  const Csr g = make(edges, false);
  EXPECT_EQ(strong_components(g, kNoPoll).back(), 300'000U);
  EXPECT_EQ(weak_components(g, kNoPoll).back(), 0U);
  EXPECT_EQ(depth_first(g, 0, 0xffffffff, kNoPoll).back().depth, 300'000U);
}

// Three cliques in a ring: what every method must tell apart.
Csr cliques(std::int64_t size) {
  std::vector<WeightedEdge> edges;
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t i = 0; i < size; ++i)
      for (std::int64_t j = i + 1; j < size; ++j) edges.push_back({c * size + i, c * size + j, 1});
    edges.push_back({c * size, (c + 1) % 3 * size + 1, 1});
  }
  return make(edges, false);
}

TEST(Communities, FindCliques) {
  const Csr g = cliques(6);
  for (const auto& groups :
       {louvain(g, {}, kNoPoll), leiden(g, {}, kNoPoll), label_propagation(g, 20, 1, kNoPoll)})
    for (std::size_t i = 0; i < 18; ++i) EXPECT_EQ(groups[i], i / 6);
}

double direct_modularity(const Csr& g, const Groups& c) {
  double m = 0;
  std::vector<double> k(g.node_count(), 0.0);
  double inside = 0;
  for (Node u = 0; u < g.node_count(); ++u)
    for (std::size_t e = 0; e < g.degree(u); ++e) {
      const Node v = g.neighbors(u)[e];
      const double w = g.weight(g.begin(u) + e);
      m += w;
      k[u] += w;
      k[v] += w;
      if (c[u] == c[v]) inside += 2 * w;
    }
  double q = inside / (2 * m);
  for (Node u = 0; u < g.node_count(); ++u)
    for (Node v = 0; v < g.node_count(); ++v)
      if (c[u] == c[v]) q -= k[u] * k[v] / (4 * m * m);
  return q;
}

TEST(Communities, HaveTheModularityOfTheFormula) {
  for (const bool weighted : {false, true}) {
    const Csr g = make(random_edges(30, 90, 9), weighted);
    Groups groups(g.node_count());
    for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<std::uint32_t>(i % 4);
    EXPECT_NEAR(modularity(g, groups), direct_modularity(g, groups), 1e-12);
  }
}

TEST(Communities, BeatSimplePartitionsAndAreConnected) {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const Csr g = make(random_edges(200, 500, seed), true);
    const auto a = louvain(g, {}, kNoPoll);
    const auto b = leiden(g, {}, kNoPoll);
    EXPECT_GT(modularity(g, a), 0.35);
    EXPECT_GT(modularity(g, b), 0.35);
    EXPECT_EQ(b, leiden(g, {}, kNoPoll)) << "same seed, same answer";
    // Leiden: the subgraph of each community is connected.
    std::vector<WeightedEdge> inside;
    std::vector<std::int64_t> ids(g.ids().begin(), g.ids().end());
    for (Node u = 0; u < g.node_count(); ++u)
      for (const Node v : g.neighbors(u))
        if (b[u] == b[v]) inside.push_back({g.id(u), g.id(v), 1});
    const auto parts = weak_components(make(inside, false, ids), kNoPoll);
    EXPECT_EQ(*std::max_element(parts.begin(), parts.end()), *std::max_element(b.begin(), b.end()));
  }
}

TEST(Structure, CountsTrianglesAndCores) {
  const Csr g = make(random_edges(30, 120, 11), false);
  const Csr s = g.undirected(true);
  const auto a = matrix(s);
  const std::size_t n = a.size();
  const auto t = triangles(g, kNoPoll);
  const auto c = clustering_coefficients(g, kNoPoll);
  for (Node u = 0; u < n; ++u) {
    std::uint64_t expected = 0;
    for (std::size_t v = 0; v < n; ++v)
      for (std::size_t w = v + 1; w < n; ++w)
        if (a[u][v] != kFar && a[u][w] != kFar && a[v][w] != kFar) ++expected;
    EXPECT_EQ(t[u], expected);
    const auto d = static_cast<double>(s.degree(u));
    EXPECT_DOUBLE_EQ(c[u], d < 2 ? 0 : 2 * static_cast<double>(expected) / (d * (d - 1)));
  }
  // Cores by their definition: take away small nodes until none is left.
  const auto core = core_numbers(g, kNoPoll);
  for (std::uint32_t k = 0; k <= 12; ++k) {
    std::vector<bool> in(n, true);
    for (bool changed = true; changed;) {
      changed = false;
      for (Node u = 0; u < n; ++u) {
        if (!in[u]) continue;
        std::uint32_t d = 0;
        for (const Node v : s.neighbors(u)) d += in[v] ? 1 : 0;
        if (d < k) {
          in[u] = false;
          changed = true;
        }
      }
    }
    for (Node u = 0; u < n; ++u) EXPECT_EQ(in[u], core[u] >= k);
  }
}

TEST(Paths, AgreeWithFloydWarshall) {
  const Csr g = make(random_edges(25, 70, 13));
  const auto d = floyd_warshall(g, false);
  const auto steps = floyd_warshall(g, true);
  for (Node s = 0; s < g.node_count(); ++s) {
    EXPECT_EQ(dijkstra(g, s, Csr::kNone, nullptr, kNoPoll), d[s]);
    for (const auto& v : breadth_first(g, s, 0xffffffff, kNoPoll))
      EXPECT_EQ(steps[s][v.node], v.depth);
    for (Node t = 0; t < g.node_count(); ++t) {
      const auto p = shortest_path(g, s, t, kNoPoll);
      const auto a = a_star(
          g, s, t, [&](Node u) { return std::min(d[u][t] * 0.7, 1e6); }, kNoPoll);
      ASSERT_EQ(p.has_value(), d[s][t] != kFar);
      ASSERT_EQ(a.has_value(), p.has_value());
      if (!p) continue;
      EXPECT_EQ(p->cost, d[s][t]);
      EXPECT_EQ(a->cost, d[s][t]);
      EXPECT_EQ(p->nodes.front(), s);
      EXPECT_EQ(p->nodes.back(), t);
    }
  }
}

// Every simple path from s to t with its cost, by exhaustive search.
void all_paths(const std::vector<std::vector<double>>& a, std::vector<Node>& path, Node t,
               double cost, std::vector<WeightedPath>& out) {
  const Node u = path.back();
  if (u == t) {
    out.push_back({path, cost});
    return;
  }
  for (Node v = 0; v < a.size(); ++v) {
    if (a[u][v] == kFar || std::find(path.begin(), path.end(), v) != path.end()) continue;
    path.push_back(v);
    all_paths(a, path, t, cost + a[u][v], out);
    path.pop_back();
  }
}

TEST(Paths, YenFindsTheCheapestInOrder) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Csr g = make(random_edges(9, 28, seed));
    const auto a = matrix(g);
    std::vector<WeightedPath> expected;
    std::vector<Node> path{0};
    all_paths(a, path, 5, 0, expected);
    std::sort(expected.begin(), expected.end(),
              [](const WeightedPath& x, const WeightedPath& y) { return x.cost < y.cost; });
    const auto got = k_shortest_paths(g, 0, 5, 12, kNoPoll);
    ASSERT_EQ(got.size(), std::min<std::size_t>(12, expected.size()));
    std::set<std::vector<Node>> distinct;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_DOUBLE_EQ(got[i].cost, expected[i].cost);
      distinct.insert(got[i].nodes);
    }
    EXPECT_EQ(distinct.size(), got.size());
    const auto all = all_shortest_paths(g, 0, 5, 1000, kNoPoll);
    const auto cheapest = std::count_if(expected.begin(), expected.end(),
                                        [&](const auto& p) { return p.cost == expected[0].cost; });
    EXPECT_EQ(static_cast<std::ptrdiff_t>(all.size()), cheapest);
  }
}

TEST(Paths, RefuseNegativeWeights) {
  EXPECT_THROW(shortest_path(make({{1, 2, -1}}), 0, 1, kNoPoll), Error);
}

TEST(Trees, AreAsLightAsPrims) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Csr g = make(random_edges(30, 80, seed));
    double got = 0;
    const auto tree = minimum_spanning_forest(g, kNoPoll);
    for (const auto& e : tree) got += e.weight;
    // Prim on the matrix, from every part of the graph.
    auto a = matrix(g);
    const std::size_t n = a.size();
    double expected = 0;
    std::size_t joined = 0;
    std::vector<bool> in(n, false);
    for (std::size_t s = 0; s < n; ++s) {
      if (in[s]) continue;
      in[s] = true;
      for (;;) {
        double best = kFar;
        std::size_t next = 0;
        for (std::size_t u = 0; u < n; ++u)
          for (std::size_t v = 0; v < n; ++v)
            if (in[u] && !in[v] && std::min(a[u][v], a[v][u]) < best) {
              best = std::min(a[u][v], a[v][u]);
              next = v;
            }
        if (best == kFar) break;
        in[next] = true;
        expected += best;
        ++joined;
      }
    }
    EXPECT_DOUBLE_EQ(got, expected);
    EXPECT_EQ(tree.size(), joined);
  }
}

TEST(Orders, PutSourcesFirst) {
  auto edges = random_edges(50, 150, 3);
  std::erase_if(edges, [](const WeightedEdge& e) { return e.source == e.target; });
  for (auto& e : edges)
    if (e.source > e.target) std::swap(e.source, e.target);
  const Csr g = make(edges, false);
  const auto order = topological_order(g, kNoPoll);
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (Node u = 0; u < g.node_count(); ++u)
    for (const Node v : g.neighbors(u)) EXPECT_LT(place[u], place[v]);
  EXPECT_THROW(topological_order(make({{1, 2, 1}, {2, 1, 1}}), kNoPoll), Error);
}

TEST(Similarity, ComparesNeighborSets) {
  const Csr g = make(random_edges(25, 90, 17), false);
  std::vector<std::set<Node>> sets(g.node_count());
  for (Node u = 0; u < g.node_count(); ++u)
    sets[u] = {g.neighbors(u).begin(), g.neighbors(u).end()};
  for (const auto kind : {Similarity::jaccard, Similarity::overlap, Similarity::cosine}) {
    std::map<std::pair<Node, Node>, double> got;
    for (const auto& p : node_similarity(g, kind, 1000, 0, 1, kNoPoll)) got[{p.a, p.b}] = p.score;
    for (Node u = 0; u < sets.size(); ++u)
      for (Node v = 0; v < sets.size(); ++v) {
        if (u == v) continue;
        std::vector<Node> both;
        std::set_intersection(sets[u].begin(), sets[u].end(), sets[v].begin(), sets[v].end(),
                              std::back_inserter(both));
        const auto s = static_cast<double>(both.size());
        const auto a = static_cast<double>(sets[u].size());
        const auto b = static_cast<double>(sets[v].size());
        const double expected = kind == Similarity::jaccard   ? s / (a + b - s)
                                : kind == Similarity::overlap ? s / std::min(a, b)
                                                              : s / std::sqrt(a * b);
        ASSERT_EQ(got.contains({u, v}), s > 0);
        if (s > 0) {
          EXPECT_DOUBLE_EQ((got[{u, v}]), expected);
        }
      }
  }
  EXPECT_LE(node_similarity(g, Similarity::jaccard, 2, 0, 1, kNoPoll).size(), 2 * sets.size());
}

TEST(LinkPrediction, FollowsTheFormulas) {
  // 0 and 1 share 2 (degree 3) and 3 (degree 2); 4 hangs on 2.
  const Csr g =
      make({{0, 2, 1}, {1, 2, 1}, {0, 3, 1}, {1, 3, 1}, {2, 4, 1}}, false).undirected(true);
  EXPECT_EQ(link_score(g, LinkScore::common_neighbors, 0, 1), 2);
  EXPECT_EQ(link_score(g, LinkScore::jaccard, 0, 1), 1);
  EXPECT_NEAR(link_score(g, LinkScore::adamic_adar, 0, 1), 1 / std::log(3) + 1 / std::log(2),
              1e-12);
  EXPECT_NEAR(link_score(g, LinkScore::resource_allocation, 0, 1), 1.0 / 3 + 1.0 / 2, 1e-12);
  EXPECT_EQ(link_score(g, LinkScore::preferential_attachment, 0, 2), 6);
  EXPECT_THROW(parse_link_score("x"), Error);
}

TEST(Walks, FollowEdgesAndFactors) {
  const Csr g = make(random_edges(30, 100, 19), true);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto walk = random_walk(g, 0, 20, 0.5, 2, seed);
    EXPECT_EQ(walk, random_walk(g, 0, 20, 0.5, 2, seed));
    for (std::size_t i = 1; i < walk.size(); ++i) {
      const auto next = g.neighbors(walk[i - 1]);
      EXPECT_TRUE(std::binary_search(next.begin(), next.end(), walk[i]));
    }
  }
  // A star: a tiny p makes every walk go back to the leaf it came from.
  const Csr star = make({{0, 1, 1}, {0, 2, 1}, {0, 3, 1}, {0, 4, 1}}, false).undirected(false);
  const auto walk = random_walk(star, 1, 20, 1e-9, 1, 7);
  for (std::size_t i = 0; i < walk.size(); i += 2) EXPECT_EQ(walk[i], 1U);
}

TEST(FastRp, KeepsCliquesTogether) {
  const Csr g = cliques(8);
  const std::size_t dim = 64;
  const auto x = fast_rp(g, dim, {0.0, 1.0, 1.0}, 0, 42, kNoPoll);
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double dot = 0, na = 0, nb = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      dot += static_cast<double>(x[a * dim + i]) * x[b * dim + i];
      na += static_cast<double>(x[a * dim + i]) * x[a * dim + i];
      nb += static_cast<double>(x[b * dim + i]) * x[b * dim + i];
    }
    return dot / std::sqrt(na * nb);
  };
  double inside = 0, across = 0;
  for (std::size_t i = 2; i < 8; ++i) {
    inside += cosine(2, i) / 6;
    across += cosine(2, i + 8) / 6;
  }
  EXPECT_GT(inside, 0.8);
  EXPECT_LT(across, 0.5);
}

}  // namespace
}  // namespace rv::graph
