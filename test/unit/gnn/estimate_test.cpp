// What a run is said to need against what it takes, as the budget counts it.
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "core/gnn/train.h"

namespace {

using namespace rv::gnn;

constexpr std::size_t kEstimateNodes = 2000, kEdges = 9000, kLimit = std::size_t{1} << 40;

Graph<float> random_graph() {
  rv::Rng rng(1);
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < kEdges; ++i)
    edges.push_back({static_cast<std::uint32_t>(rng.below(kEstimateNodes)),
                     static_cast<std::uint32_t>(rng.below(kEstimateNodes)), 1.0f});
  return make_graph<float>(kEstimateNodes, edges, true);
}

// Rows of `columns` numbers, of which `each` are not zero when sparse.
Features<float> random_features(std::size_t columns, std::size_t each) {
  rv::Rng rng(2);
  Features<float> x;
  if (each == 0) {
    x.dense = Tensor<float>(kEstimateNodes, columns);
    for (std::size_t i = 0; i < x.dense.size(); ++i)
      x.dense.data()[i] = static_cast<float>(rng.normal());
    return x;
  }
  x.sparse.columns = columns;
  x.sparse.rows = kEstimateNodes;
  for (std::size_t i = 0; i < kEstimateNodes; ++i) {
    for (std::size_t j = 0; j < each; ++j) {
      x.sparse.index.push_back(static_cast<std::uint32_t>(j * (columns / each) + i % 7));
      x.sparse.value.push_back(1.0f);
    }
    x.sparse.offset.push_back(x.sparse.index.size());
  }
  x.sparse.build_transposed();
  return x;
}

TEST(GnnEstimate, CoversWhatARunTakesAndNotMuchMore) {
  const Graph<float> graph = random_graph();
  std::vector<std::int32_t> labels(kEstimateNodes);
  for (std::size_t i = 0; i < kEstimateNodes; ++i) labels[i] = static_cast<std::int32_t>(i % 3);
  const std::vector<Split> splits(kEstimateNodes, Split::train);
  for (const std::size_t each : {std::size_t{0}, std::size_t{10}})
    for (const Attributes& first : {Attributes{{"type", "gcn"}},
                                    {{"type", "sage"}},
                                    {{"type", "sage"}, {"aggregator", "pool"}},
                                    {{"type", "sage"}, {"aggregator", "lstm"}, {"hidden", "16"}},
                                    {{"type", "gat"}, {"heads", "4"}},
                                    {{"type", "gatv2"}, {"heads", "2"}},
                                    {{"type", "gin"}},
                                    {{"type", "sgc"}, {"hops", "2"}},
                                    {{"type", "linear"}}}) {
      SCOPED_TRACE(first[0].second + (first.size() > 1 ? " " + first[1].second : "") +
                   (each == 0 ? ", dense" : ", sparse"));
      const Features<float> x = random_features(300, each);
      Attributes a = first;
      a.insert(a.end(), {{"out", "16"}, {"activation", "relu"}, {"dropout", "0.5"}});
      std::vector<LayerSpec> specs{parse_layer(a, 300, 1)};
      specs.push_back(parse_layer({{"type", "gcn"}, {"out", "3"}}, specs[0].width(), 2));
      rv::MemoryBudget forward(kLimit, "test"), training(kLimit, "test");
      Model<float> model(specs, 1);  // goes first: its gradients give back what they took
      model.infer(Exec(nullptr, nullptr, &forward), x, graph);
      const std::size_t entries = graph.in.entries(), values = x.sparse.entries();
      const std::size_t said = estimate_inference(specs, kEstimateNodes, entries, values).bytes;
      // The input is there before.
      const std::size_t input = 4 * (each == 0 ? x.dense.size() : 2 * values) + 12 * entries;
      EXPECT_LE(forward.peak(), said);
      EXPECT_LT(said, 3 * (forward.peak() + input));
      TrainOptions options;
      options.epochs = 2;
      const Exec exec(nullptr, nullptr, &training);
      Trainer(exec, model, x, graph, options).classify(labels, splits, [](const EpochReport&) {});
      const std::size_t needed = estimate_training(specs, kEstimateNodes, entries, values).bytes;
      EXPECT_LE(training.peak(), needed);
      EXPECT_LT(needed, 3 * (training.peak() + input));
    }
}

}  // namespace
