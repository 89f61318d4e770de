// Graphs, samples, walks, nearest rows: against plain computations; everything on one and on
// several threads; budgets and interrupts.
#include "core/gnn/graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/base/rng.h"
#include "core/gnn/embed.h"
#include "core/gnn/nearest.h"
#include "core/gnn/train.h"

namespace {

using namespace rv::gnn;
using rv::Rng;

std::vector<Edge> random_edges(std::size_t nodes, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < count; ++i)
    edges.push_back({std::uint32_t(rng.below(nodes)), std::uint32_t(rng.below(nodes)),
                     float(0.5 + rng.uniform())});
  return edges;
}

Features<float> random_features(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Rng rng(seed);
  Features<float> x;
  x.dense = Tensor<float>(rows, columns);
  for (std::size_t i = 0; i < x.dense.size(); ++i) x.dense.data()[i] = float(rng.normal());
  return x;
}

TEST(GnnGraph, RowsHoldTheInEdgesBySourceInAnyReadingOrder) {
  auto edges = random_edges(20, 100, 1);
  const auto g = make_graph<float>(20, edges, false);
  std::multimap<std::pair<std::uint32_t, std::uint32_t>, float> want;
  for (const Edge& e : edges) want.emplace(std::pair(e.target, e.source), e.weight);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t e = g.in.offset[i]; e < g.in.offset[i + 1]; ++e, ++seen) {
      EXPECT_TRUE(want.contains({std::uint32_t(i), g.in.index[e]}));
      if (e > g.in.offset[i]) {
        EXPECT_LE(g.in.index[e - 1], g.in.index[e]);
      }
    }
  EXPECT_EQ(seen, want.size());
  std::reverse(edges.begin(), edges.end());
  const auto turned = make_graph<float>(20, edges, false);
  EXPECT_EQ(turned.in.index, g.in.index);
  EXPECT_EQ(turned.in.value, g.in.value);
}

TEST(GnnGraph, AnUndirectedGraphStoredOnceOrTwiceIsTheSame) {
  std::vector<Edge> once, twice;
  std::set<std::pair<std::uint32_t, std::uint32_t>> used;
  for (const Edge& e : random_edges(15, 60, 2)) {
    const auto key = std::minmax(e.source, e.target);
    if (!used.insert(key).second) continue;
    once.push_back(e);
    twice.push_back(e);
    if (e.source != e.target) twice.push_back({e.target, e.source, e.weight});
  }
  const auto a = make_undirected(make_graph<float>(15, once, false));
  const auto b = make_undirected(make_graph<float>(15, twice, false));
  EXPECT_EQ(a.in.offset, b.in.offset);
  EXPECT_EQ(a.in.index, b.in.index);
  EXPECT_EQ(a.in.value, b.in.value);
}

TEST(GnnGraph, APartGivesWhatTheWholeGives) {
  const auto graph = make_undirected(make_graph<float>(200, random_edges(200, 500, 3), false));
  const auto x = random_features(200, 6, 4);
  const std::vector<Attributes> layers = {{{"type", "gcn"}, {"out", "5"}, {"activation", "relu"}},
                                          {{"type", "gat"}, {"out", "3"}, {"heads", "2"}},
                                          {{"type", "sage"}, {"out", "4"}, {"aggregator", "std"}}};
  std::vector<LayerSpec> specs;
  std::size_t columns = 6;
  for (const auto& a : layers) {
    specs.push_back(parse_layer(a, columns, specs.size() + 1));
    columns = specs.back().width();
  }
  Model<float> model(specs, 1);
  const Exec exec;
  const auto whole = model.infer(exec, x, graph);
  const std::uint32_t targets[] = {7, 150, 0};
  const auto some = model.infer_nodes(exec, x, graph, targets, 2, {}, 0);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < columns; ++j) EXPECT_EQ(some.row(i)[j], whole.row(targets[i])[j]);
}

TEST(GnnGraph, SamplesAreEdgesAndFair) {
  std::vector<int> count(10, 0);
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    const auto s = sample_without_replacement(10, 3, rv::mix64(seed));
    ASSERT_EQ(s.size(), 3u);
    ASSERT_TRUE(s[0] < s[1] && s[1] < s[2] && s[2] < 10);
    for (const std::size_t i : s) ++count[i];
  }
  for (const int c : count) EXPECT_NEAR(c, 6000, 300);  // 4.6 standard deviations
}

TEST(GnnGraph, WalksFollowEdgesAndTheirBias) {
  const auto graph = make_undirected(make_graph<float>(30, random_edges(30, 60, 5), true));
  int returns[2] = {0, 0};
  for (std::uint64_t seed = 0; seed < 300; ++seed)
    for (const bool eager : {false, true}) {
      const auto walk = biased_walk(graph, std::uint32_t(seed % 30), 20, eager ? 0.1 : 10, 1, seed);
      for (std::size_t i = 1; i < walk.size(); ++i) {
        const auto begin = graph.in.index.begin();
        ASSERT_TRUE(std::binary_search(begin + std::ptrdiff_t(graph.in.offset[walk[i - 1]]),
                                       begin + std::ptrdiff_t(graph.in.offset[walk[i - 1] + 1]),
                                       walk[i]));
        if (i > 1) returns[eager] += walk[i] == walk[i - 2];
      }
    }
  EXPECT_GT(returns[1], 2 * returns[0]);
}

TEST(GnnNearest, AgreesWithSortingEveryDistance) {
  const auto x = random_features(300, 17, 6).dense;
  for (const Metric metric : {Metric::l2, Metric::cosine, Metric::inner_product}) {
    const auto found = nearest_rows(Exec(), x, 5, metric);
    ASSERT_EQ(found.per_row, 5u);
    for (std::size_t i = 0; i < 300; ++i) {
      std::vector<double> all;
      for (std::size_t j = 0; j < 300; ++j)
        if (j != i) all.push_back(distance(metric, x.row(i), x.row(j), 17));
      std::sort(all.begin(), all.end());
      for (std::size_t k = 0; k < 5; ++k)
        ASSERT_NEAR(double(found.entries[i * 5 + k].distance), all[k], 1e-6);
    }
    const double radius = metric == Metric::l2 ? 4 : metric == Metric::cosine ? 0.5 : -8;
    std::size_t pairs = 0, want = 0;
    pairs_within(Exec(), x, radius, metric, [&](std::uint32_t a, std::uint32_t b, double d) {
      ASSERT_LT(a, b);
      ASSERT_LE(d, radius);
      ++pairs;
    });
    for (std::size_t i = 0; i < 300; ++i)
      for (std::size_t j = i + 1; j < 300; ++j)
        want += distance(metric, x.row(i), x.row(j), 17) <= radius;
    EXPECT_EQ(pairs, want);
  }
  // Far from the origin a product of rows loses what the distance keeps.
  Tensor<float> far(50, 3);
  for (std::size_t i = 0; i < 50; ++i) {
    far.row(i)[0] = 10000.0f + float(i);
    far.row(i)[1] = far.row(i)[2] = 10000.0f;
  }
  const auto line = nearest_rows(Exec(), far, 2, Metric::l2);
  for (std::size_t i = 1; i < 49; ++i) EXPECT_EQ(line.entries[2 * i + 1].distance, 1.0f);
}

// Everything that uses threads, on one and on four.
TEST(GnnThreads, ChangeNoBit) {
  rv::WorkerPool pool(4);
  const Exec one, four(&pool);
  const auto graph = make_undirected(make_graph<float>(3000, random_edges(3000, 20000, 8), false));
  const auto x = random_features(3000, 40, 9);
  const auto same = [](const Tensor<float>& a, const Tensor<float>& b) {
    return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
  };
  for (const char* type : {"gcn", "gat", "gatv2", "sage", "gin"}) {
    const LayerSpec specs[] = {
        parse_layer({{"type", type}, {"out", "24"}, {"activation", "elu"}, {"dropout", "0.2"}}, 40,
                    1),
        parse_layer({{"type", type}, {"out", "3"}}, 24, 2)};
    std::vector<std::int32_t> labels;
    std::vector<Split> splits;
    for (int i = 0; i < 3000; ++i) {
      labels.push_back(i % 3);
      splits.push_back(i % 5 == 0 ? Split::validation : Split::train);
    }
    Tensor<float> out[2];
    for (const bool parallel : {false, true}) {
      const Exec& exec = parallel ? four : one;
      Model<float> model(specs, 2);
      TrainOptions options;
      options.epochs = 2;
      Trainer(exec, model, x, graph, options).classify(labels, splits, [](const EpochReport&) {});
      out[parallel] = model.infer(exec, x, graph);
    }
    EXPECT_TRUE(same(out[0], out[1])) << type;
  }
  std::vector<std::uint64_t> keys(3000);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = i;
  EXPECT_TRUE(same(fastrp(one, graph, keys, {}), fastrp(four, graph, keys, {})));
  Node2VecOptions o;
  o.dimensions = 8;
  o.walk_length = 10;
  o.walks_per_node = 1;
  EXPECT_TRUE(same(node2vec(one, graph, keys, o), node2vec(four, graph, keys, o)));
  const auto a = nearest_rows(one, x.dense, 3, Metric::l2),
             b = nearest_rows(four, x.dense, 3, Metric::l2);
  for (std::size_t i = 0; i < a.entries.size(); ++i) ASSERT_EQ(a.entries[i].row, b.entries[i].row);
}

TEST(GnnExec, StopsAtTheBudgetAndAtAnInterrupt) {
  rv::MemoryBudget budget(100000, "maintenance_work_mem");
  EXPECT_THROW(Tensor<float>(1000, 1000, &budget), rv::Error);
  EXPECT_EQ(budget.used(), 0u);
  {
    Tensor<float> t(10, 10, &budget);
    EXPECT_EQ(budget.used(), 400u);
    Tensor<float> moved = std::move(t);
    EXPECT_EQ(budget.used(), 400u);
  }
  EXPECT_EQ(budget.used(), 0u);
  struct Interrupted {};
  rv::WorkerPool pool(2);
  const Exec exec(&pool, [] { throw Interrupted{}; });
  std::atomic<std::size_t> rows{0};
  EXPECT_THROW(exec.for_rows(100000000, 100, [&](std::size_t b, std::size_t e) { rows += e - b; }),
               Interrupted);
  EXPECT_LT(rows.load(), 1000000u);
}

TEST(GnnTrain, AreaUnderTheCurve) {
  EXPECT_EQ(area_under_curve({{0.1f, false}, {0.9f, true}}), 1.0);
  EXPECT_EQ(area_under_curve({{0.9f, false}, {0.1f, true}}), 0.0);
  EXPECT_EQ(area_under_curve({{0.5f, false}, {0.5f, true}}), 0.5);
  EXPECT_EQ(area_under_curve({{1.f, true}, {2.f, false}, {3.f, true}, {3.f, false}}), 0.375);
  EXPECT_TRUE(std::isnan(area_under_curve({{1.f, true}})));
}

}  // namespace
