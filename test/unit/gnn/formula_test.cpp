// Every layer against its formula over a dense adjacency matrix, in float64 and float32: random
// graphs with nodes that nothing leads to, one node, and widths that fit no vector.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "core/base/rng.h"
#include "core/gnn/model.h"

namespace {

using namespace rv::gnn;

using Rows = std::vector<std::vector<double>>;

struct Case {
  std::size_t nodes, edges, in, out, heads;
};
constexpr Case kCases[] = {{1, 0, 3, 2, 1},     {2, 1, 1, 1, 1},      {7, 12, 5, 9, 3},
                           {40, 150, 17, 6, 2}, {65, 900, 33, 31, 1}, {30, 20, 2, 19, 5}};

template <class T>
struct World {
  Case shape;
  std::vector<std::vector<bool>> edge;  // [target][source]
  Rows x;
  Graph<T> graph;
  Features<T> features;

  World(const Case& c, std::uint64_t seed) : shape(c), x(c.nodes, std::vector<double>(c.in)) {
    rv::Rng rng(seed);
    edge.assign(c.nodes, std::vector<bool>(c.nodes));
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::size_t i = 0; i < c.edges; ++i) {
      const auto s = static_cast<std::uint32_t>(rng.below(c.nodes));
      const auto t = static_cast<std::uint32_t>(rng.below(c.nodes));
      if (s != t) pairs.insert({s, t});
    }
    std::vector<Edge> edges;
    for (const auto& [s, t] : pairs) {
      edge[t][s] = true;
      edges.push_back({s, t, 1.0f});
    }
    graph = make_graph<T>(c.nodes, edges, true);
    features.dense = Tensor<T>(c.nodes, c.in);
    for (std::size_t i = 0; i < c.nodes; ++i)
      for (std::size_t j = 0; j < c.in; ++j) {
        x[i][j] = static_cast<float>(rng.normal());
        features.dense.row(i)[j] = static_cast<T>(x[i][j]);
      }
  }
};

template <class T>
Rows parameter(Layer<T>& layer, const char* name) {
  const Tensor<T>& v = layer.parameter(name).value;
  Rows out(v.rows(), std::vector<double>(v.columns()));
  for (std::size_t i = 0; i < v.rows(); ++i)
    for (std::size_t j = 0; j < v.columns(); ++j) out[i][j] = static_cast<double>(v.row(i)[j]);
  return out;
}

Rows times(const Rows& x, const Rows& w) {  // x w^T
  Rows y(x.size(), std::vector<double>(w.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t o = 0; o < w.size(); ++o)
      for (std::size_t j = 0; j < w[o].size(); ++j) y[i][o] += x[i][j] * w[o][j];
  return y;
}

void add_bias(Rows& y, const Rows& b) {
  for (auto& row : y)
    for (std::size_t j = 0; j < row.size(); ++j) row[j] += b[0][j];
}

double leaky(double v) { return v > 0 ? v : 0.2 * v; }

// Softmax over the in-edges and the node itself, head by head.
Rows attend(const std::vector<std::vector<bool>>& edge, const Rows& h, std::size_t heads,
            const std::function<double(std::size_t, std::size_t, std::size_t)>& score) {
  const std::size_t d = h[0].size() / heads;
  Rows y(h.size(), std::vector<double>(h[0].size()));
  for (std::size_t i = 0; i < h.size(); ++i)
    for (std::size_t u = 0; u < heads; ++u) {
      double sum = 0;
      for (std::size_t j = 0; j < h.size(); ++j)
        if (j == i || edge[i][j]) sum += std::exp(score(i, j, u));
      for (std::size_t j = 0; j < h.size(); ++j)
        if (j == i || edge[i][j])
          for (std::size_t t = u * d; t < (u + 1) * d; ++t)
            y[i][t] += std::exp(score(i, j, u)) / sum * h[j][t];
    }
  return y;
}

template <class T>
Rows expected(const std::string& type, const std::string& aggregator, World<T>& w,
              Layer<T>& layer) {
  const std::size_t n = w.shape.nodes;
  if (type == "gcn") {
    const Rows h = times(w.x, parameter(layer, "weight"));
    std::vector<double> degree(n, 1);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) degree[i] += w.edge[i][j] ? 1 : 0;
    Rows y(n, std::vector<double>(h[0].size()));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        if (i == j || w.edge[i][j])
          for (std::size_t t = 0; t < h[0].size(); ++t)
            y[i][t] += h[j][t] / std::sqrt(degree[i] * degree[j]);
    add_bias(y, parameter(layer, "bias"));
    return y;
  }
  if (type == "sage" || type == "gin") {
    Rows gathered(n, std::vector<double>(w.shape.in));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t t = 0; t < w.shape.in; ++t) {
        double sum = 0, most = -INFINITY;
        int count = 0;
        for (std::size_t j = 0; j < n; ++j) {
          if (!w.edge[i][j]) continue;
          sum += w.x[j][t];
          most = std::max(most, w.x[j][t]);
          ++count;
        }
        if (count == 0) continue;
        gathered[i][t] = aggregator == "mean" ? sum / count : aggregator == "max" ? most : sum;
      }
    if (type == "sage") {
      Rows y = times(gathered, parameter(layer, "weight_neighbor"));
      const Rows own = times(w.x, parameter(layer, "weight_self"));
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t t = 0; t < y[i].size(); ++t) y[i][t] += own[i][t];
      add_bias(y, parameter(layer, "bias"));
      return y;
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t t = 0; t < w.shape.in; ++t)
        gathered[i][t] += (1 + parameter(layer, "eps")[0][0]) * w.x[i][t];
    Rows hidden = times(gathered, parameter(layer, "weight_1"));
    add_bias(hidden, parameter(layer, "bias_1"));
    for (auto& row : hidden)
      for (double& v : row) v = std::max(0.0, v);
    Rows y = times(hidden, parameter(layer, "weight_2"));
    add_bias(y, parameter(layer, "bias_2"));
    return y;
  }
  const std::size_t d = w.shape.out;
  Rows y;
  if (type == "gat") {
    const Rows h = times(w.x, parameter(layer, "weight")), s = parameter(layer, "attention_source"),
               t = parameter(layer, "attention_target");
    y = attend(w.edge, h, w.shape.heads, [&](std::size_t i, std::size_t j, std::size_t u) {
      double v = 0;
      for (std::size_t k = 0; k < d; ++k)
        v += s[u][k] * h[j][u * d + k] + t[u][k] * h[i][u * d + k];
      return leaky(v);
    });
  } else {
    const Rows l = times(w.x, parameter(layer, "weight_source")),
               r = times(w.x, parameter(layer, "weight_target")), a = parameter(layer, "attention");
    y = attend(w.edge, l, w.shape.heads, [&](std::size_t i, std::size_t j, std::size_t u) {
      double v = 0;
      for (std::size_t k = 0; k < d; ++k) v += a[u][k] * leaky(l[j][u * d + k] + r[i][u * d + k]);
      return v;
    });
  }
  add_bias(y, parameter(layer, "bias"));
  return y;
}

template <class T>
void check_all(double tolerance) {
  std::uint64_t seed = 1;
  for (const Case& c : kCases)
    for (const auto& [type, aggregator] : {std::pair("gcn", ""),
                                           {"sage", "mean"},
                                           {"sage", "sum"},
                                           {"sage", "max"},
                                           {"gat", ""},
                                           {"gatv2", ""},
                                           {"gin", ""}}) {
      SCOPED_TRACE(std::string(type) + " " + aggregator + " " + std::to_string(c.nodes));
      World<T> w(c, ++seed);
      Attributes attributes{{"type", type}, {"out", std::to_string(c.out)}};
      if (*aggregator != 0) attributes.emplace_back("aggregator", aggregator);
      if (type[1] == 'a' && type[0] == 'g')
        attributes.emplace_back("heads", std::to_string(c.heads));
      const LayerSpec spec = parse_layer(attributes, c.in, 1);
      Model<T> model({&spec, 1}, seed);
      const Tensor<T> y = model.infer(Exec(), w.features, w.graph);
      const Rows want = expected(type, aggregator, w, model.layers()[0]);
      ASSERT_EQ(y.rows(), want.size());
      ASSERT_EQ(y.columns(), want[0].size());
      for (std::size_t i = 0; i < want.size(); ++i)
        for (std::size_t j = 0; j < want[i].size(); ++j)
          ASSERT_NEAR(static_cast<double>(y.row(i)[j]), want[i][j],
                      tolerance * (1 + std::fabs(want[i][j])))
              << i << ' ' << j;
    }
}

TEST(GnnFormula, Float64) { check_all<double>(1e-11); }
TEST(GnnFormula, Float32) { check_all<float>(2e-5); }

}  // namespace
