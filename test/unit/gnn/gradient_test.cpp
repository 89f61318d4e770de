// Every layer's derivative against finite differences, in float64: of the parameters and, through a
// layer below, of its input. On whole graphs, on parts of graphs, dense and sparse features.
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "core/gnn/model.h"

namespace {

using namespace rv::gnn;
using rv::Rng;

constexpr std::size_t kGradientNodes = 9, kIn = 5;

Graph<double> random_graph(bool weighted, std::uint64_t seed = 3) {
  Rng rng(seed);
  std::vector<Edge> edges;
  for (int i = 0; i < 24; ++i)
    edges.push_back({std::uint32_t(rng.below(kGradientNodes)),
                     std::uint32_t(rng.below(kGradientNodes - 1)),
                     weighted ? float(0.25 + rng.uniform()) : 1.0f});
  return make_graph<double>(kGradientNodes, edges, !weighted);
}

Features<double> random_features(bool sparse) {
  Rng rng(11);
  Features<double> x;
  x.dense = Tensor<double>(kGradientNodes, kIn);
  for (std::size_t i = 0; i < x.dense.size(); ++i)
    x.dense.data()[i] = sparse && rng.uniform() < 0.5 ? 0.0 : rng.normal();
  if (!sparse) return x;
  x.sparse.rows = kGradientNodes;
  x.sparse.columns = kIn;
  for (std::size_t i = 0; i < kGradientNodes; ++i) {
    for (std::size_t j = 0; j < kIn; ++j)
      if (x.dense.row(i)[j] != 0) {
        x.sparse.index.push_back(std::uint32_t(j));
        x.sparse.value.push_back(x.dense.row(i)[j]);
      }
    x.sparse.offset.push_back(x.sparse.index.size());
  }
  x.sparse.build_transposed();
  return x;
}

std::vector<LayerSpec> specs(const std::vector<Attributes>& layers) {
  std::vector<LayerSpec> out;
  std::size_t columns = kIn;
  for (const auto& a : layers) {
    out.push_back(parse_layer(a, columns, out.size() + 1));
    columns = out.back().width();
  }
  return out;
}

// Training loss of fixed seed: dropout masks repeat, so it is a function of the parameters.
double loss_of(Model<double>& model, const Features<double>& x, Adjacencies<double>& graph,
               bool pairs, bool backward) {
  const Exec exec;
  Tape<double> t(exec, true, 5);
  const Var y = model.forward(t, x, graph);
  const std::size_t rows = t.value(y).rows();
  Var loss;
  if (pairs) {
    std::vector<LabelledPair> p;
    for (std::uint32_t i = 0; i < rows; ++i)
      p.push_back({i, std::uint32_t((i * 2 + 1) % rows), i % 2 == 0});
    loss = pair_loss(t, y, p);
  } else {
    std::vector<std::uint32_t> at;
    std::vector<std::int32_t> label;
    for (std::uint32_t i = 0; i < rows; ++i) {
      at.push_back(i);
      label.push_back(std::int32_t(i % t.value(y).columns()));
    }
    loss = cross_entropy(t, y, at, label);
  }
  const double value = t.value(loss).data()[0];
  if (backward) t.backward();
  return value;
}

void check(const std::vector<Attributes>& layers, bool sparse, bool part, bool weighted,
           bool pairs) {
  const auto list = specs(layers);
  Model<double> model(list, 17);
  Graph<double> graph = random_graph(weighted);
  Features<double> x = random_features(sparse);
  if (part) {
    const std::uint32_t targets[] = {4, 1, 7};
    const int fanout[] = {2, 2};
    auto p = neighborhood<double>(graph, targets, model.reach(), fanout, 9);
    x = x.gather(p.nodes, nullptr);
    if (sparse) x.sparse.build_transposed();
    graph = std::move(p.graph);
  }
  Adjacencies<double> adjacencies(graph, true);
  // Away from zero biases, so that relu and LeakyReLU have no kink at the point.
  Rng rng(23);
  for (auto& layer : model.layers())
    for (auto& p : layer.parameters())
      for (std::size_t i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.05 * rng.normal();
  loss_of(model, x, adjacencies, pairs, true);
  for (std::size_t l = 0; l < model.layers().size(); ++l)
    for (auto& p : model.layers()[l].parameters()) {
      if (p.grad.empty()) {
        EXPECT_EQ(p.name, "eps");  // not trained
        continue;
      }
      for (std::size_t i = 0; i < p.value.size(); ++i) {
        const double h = 1e-5, w = p.value.data()[i];
        p.value.data()[i] = w + h;
        const double up = loss_of(model, x, adjacencies, pairs, false);
        p.value.data()[i] = w - h;
        const double down = loss_of(model, x, adjacencies, pairs, false);
        p.value.data()[i] = w;
        ASSERT_NEAR(p.grad.data()[i], (up - down) / (2 * h), 1e-6)
            << "layer " << l << ' ' << p.name << '[' << i << ']';
      }
    }
}

struct LayerCase {
  const char* name;
  Attributes layer;
};
const LayerCase kLayerCases[] = {
    {"gcn", {{"type", "gcn"}, {"out", "4"}}},
    {"gcn_wide", {{"type", "gcn"}, {"out", "7"}, {"self_loops", "false"}}},
    {"gcn_plain", {{"type", "gcn"}, {"out", "4"}, {"normalize", "false"}, {"bias", "false"}}},
    {"sage_mean", {{"type", "sage"}, {"out", "4"}}},
    {"sage_mean_wide", {{"type", "sage"}, {"out", "7"}, {"normalize", "true"}}},
    {"sage_sum", {{"type", "sage"}, {"out", "4"}, {"aggregator", "sum"}}},
    {"sage_max", {{"type", "sage"}, {"out", "4"}, {"aggregator", "max"}}},
    {"sage_min", {{"type", "sage"}, {"out", "4"}, {"aggregator", "min"}}},
    {"sage_std", {{"type", "sage"}, {"out", "4"}, {"aggregator", "std"}}},
    {"sage_pool", {{"type", "sage"}, {"out", "4"}, {"aggregator", "pool"}, {"hidden", "6"}}},
    {"sage_gcn", {{"type", "sage"}, {"out", "4"}, {"aggregator", "gcn"}}},
    {"sage_gcn_wide", {{"type", "sage"}, {"out", "8"}, {"aggregator", "gcn"}}},
    {"sage_lstm", {{"type", "sage"}, {"out", "4"}, {"aggregator", "lstm"}, {"hidden", "3"}}},
    {"sage_attention", {{"type", "sage"}, {"out", "4"}, {"aggregator", "attention"}}},
    {"sage_set2set", {{"type", "sage"}, {"out", "4"}, {"aggregator", "set2set"}, {"steps", "3"}}},
    {"gat", {{"type", "gat"}, {"out", "3"}, {"heads", "2"}, {"attention_dropout", "0.3"}}},
    {"gat_mean", {{"type", "gat"}, {"out", "3"}, {"heads", "2"}, {"concat", "false"}}},
    {"gatv2", {{"type", "gatv2"}, {"out", "3"}, {"heads", "2"}, {"attention_dropout", "0.3"}}},
    {"gatv2_wide", {{"type", "gatv2"}, {"out", "9"}, {"heads", "2"}, {"self_loops", "false"}}},
    {"gin", {{"type", "gin"}, {"out", "4"}, {"eps", "0.2"}, {"train_eps", "true"}}},
    {"gin_wide", {{"type", "gin"}, {"out", "4"}, {"hidden", "8"}}},
    {"sgc", {{"type", "sgc"}, {"out", "4"}, {"hops", "2"}}},
    {"appnp", {{"type", "appnp"}, {"hops", "3"}, {"alpha", "0.2"}}},
    {"linear", {{"type", "linear"}, {"out", "4"}}},
};

class GnnGradient : public ::testing::TestWithParam<LayerCase> {};

TEST_P(GnnGradient, MatchesFiniteDifferences) {
  const Attributes& layer = GetParam().layer;
  for (const char* activation : {"none", "elu", "tanh"}) {
    Attributes first = layer;
    first.emplace_back("activation", activation);
    for (bool sparse : {false, true})
      for (bool part : {false, true})
        for (bool weighted : {false, true}) check({first}, sparse, part, weighted, part);
  }
  // With dropout, and as an upper layer: the gradient of its input.
  Attributes dropped = layer;
  dropped.emplace_back("dropout", "0.4");
  for (bool part : {false, true}) {
    check(
        {{{"type", "sage"}, {"out", "5"}, {"activation", "sigmoid"}, {"dropout", "0.2"}}, dropped},
        false, part, true, false);
    check({{{"type", "linear"}, {"out", "5"}, {"activation", "leaky_relu"}}, layer}, true, part,
          false, true);
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, GnnGradient, ::testing::ValuesIn(kLayerCases),
                         [](const auto& c) { return std::string(c.param.name); });

}  // namespace
