// Every layer and aggregator against its formula over a dense adjacency matrix, in float64 and
// float32: random graphs with nodes that nothing leads to, one node, and widths that fit no vector.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <sstream>

#include "core/base/error.h"
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

// One step of the cell of Hochreiter & Schmidhuber
// with forget gates: input, forget, cell, output.
void lstm_step(const std::vector<double>& gates, std::vector<double>& c, std::vector<double>& h) {
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  for (std::size_t j = 0; j < c.size(); ++j) {
    c[j] = sigmoid(gates[c.size() + j]) * c[j] +
           sigmoid(gates[j]) * std::tanh(gates[2 * c.size() + j]);
    h[j] = sigmoid(gates[3 * c.size() + j]) * std::tanh(c[j]);
  }
}

std::vector<double> affine(const Rows& w, const std::vector<double>& x, const Rows& bias) {
  Rows y = times({x}, w);
  add_bias(y, bias);
  return y[0];
}

// softmax(query . x_j) over the sources of a node, and the mean of the x_j weighted with it.
std::vector<double> read(const std::vector<std::vector<double>>& sources,
                         const std::vector<double>& query, double scale) {
  std::vector<double> out(query.size()), w;
  double sum = 0;
  for (const auto& x : sources) {
    double score = 0;
    for (std::size_t t = 0; t < x.size(); ++t) score += scale * query[t] * x[t];
    sum += std::exp(score);
    w.push_back(std::exp(score));
  }
  for (std::size_t e = 0; e < sources.size(); ++e)
    for (std::size_t t = 0; t < out.size(); ++t) out[t] += w[e] / sum * sources[e][t];
  return out;
}

// What a node receives from its sources, which come in order of their ids; nothing: zeros.
template <class T>
std::vector<double> received(const std::string& how, const std::vector<double>& own,
                             const std::vector<std::vector<double>>& sources, Layer<T>& layer) {
  const std::size_t k = own.size();
  if (how == "lstm") {
    const Rows ih = parameter(layer, "weight_ih"), hh = parameter(layer, "weight_hh");
    std::vector<double> c(hh[0].size()), h(hh[0].size());
    for (const auto& x : sources) {
      std::vector<double> gates = affine(ih, x, parameter(layer, "bias_ih"));
      const auto more = affine(hh, h, parameter(layer, "bias_hh"));
      for (std::size_t j = 0; j < gates.size(); ++j) gates[j] += more[j];
      lstm_step(gates, c, h);
    }
    return h;
  }
  if (how == "set2set") {
    std::vector<double> c(k), h(k), state(2 * k);
    for (std::size_t step = 0; step < layer.spec().steps; ++step) {
      std::vector<double> gates =
          affine(parameter(layer, "weight_ih"), state, parameter(layer, "bias_ih"));
      const auto more = affine(parameter(layer, "weight_hh"), h, parameter(layer, "bias_hh"));
      for (std::size_t j = 0; j < gates.size(); ++j) gates[j] += more[j];
      lstm_step(gates, c, h);
      const auto found = read(sources, h, 1);
      std::copy(h.begin(), h.end(), state.begin());
      std::copy(found.begin(), found.end(), state.begin() + static_cast<std::ptrdiff_t>(k));
    }
    return state;
  }
  if (how == "attention") return read(sources, own, 1 / std::sqrt(double(k)));
  Rows x = sources;
  if (how == "pool") {
    x = times(x, parameter(layer, "weight_pool"));
    add_bias(x, parameter(layer, "bias_pool"));
    for (auto& row : x)
      for (double& v : row) v = std::max(0.0, v);
  }
  if (how == "gcn") x.push_back(own);
  std::vector<double> out(how == "pool" ? parameter(layer, "weight_pool").size() : k);
  for (std::size_t t = 0; t < out.size(); ++t) {
    std::vector<double> v;
    for (const auto& row : x) v.push_back(row[t]);
    if (v.empty()) continue;
    double sum = 0, squares = 0;
    for (const double y : v) sum += y;
    const double mean = sum / double(v.size());
    for (const double y : v) squares += (y - mean) * (y - mean);
    out[t] = how == "sum"                    ? sum
             : how == "mean" || how == "gcn" ? mean
             : how == "min"                  ? *std::min_element(v.begin(), v.end())
             : how == "std"                  ? std::sqrt(squares / double(v.size()))
                                             : *std::max_element(v.begin(), v.end());
  }
  return out;
}

template <class T>
Rows gather(const std::string& how, const World<T>& w, Layer<T>& layer) {
  Rows out;
  for (std::size_t i = 0; i < w.x.size(); ++i) {
    std::vector<std::vector<double>> sources;
    for (std::size_t j = 0; j < w.x.size(); ++j)
      if (w.edge[i][j]) sources.push_back(w.x[j]);
    out.push_back(received(how, w.x[i], sources, layer));
  }
  return out;
}

// D^-1/2 (A + I) D^-1/2 x
template <class T>
Rows symmetric(const World<T>& w, const Rows& x) {
  const std::size_t n = x.size();
  std::vector<double> degree(n, 1);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) degree[i] += w.edge[i][j] ? 1 : 0;
  Rows y(n, std::vector<double>(x[0].size()));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      if (i == j || w.edge[i][j])
        for (std::size_t t = 0; t < x[0].size(); ++t)
          y[i][t] += x[j][t] / std::sqrt(degree[i] * degree[j]);
  return y;
}

template <class T>
Rows expected(const std::string& type, const std::string& aggregator, World<T>& w,
              Layer<T>& layer) {
  const std::size_t n = w.shape.nodes;
  if (type == "linear") {
    Rows y = times(w.x, parameter(layer, "weight"));
    add_bias(y, parameter(layer, "bias"));
    return y;
  }
  if (type == "gcn" || type == "sgc") {
    Rows y = w.x;
    for (std::size_t hop = 0; hop < (type == "gcn" ? 1 : layer.spec().hops); ++hop)
      y = symmetric(w, y);
    y = times(y, parameter(layer, "weight"));
    add_bias(y, parameter(layer, "bias"));
    return y;
  }
  if (type == "appnp") {
    Rows z = w.x;
    for (std::size_t hop = 0; hop < layer.spec().hops; ++hop) {
      z = symmetric(w, z);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t t = 0; t < z[i].size(); ++t)
          z[i][t] = (1 - layer.spec().alpha) * z[i][t] + layer.spec().alpha * w.x[i][t];
    }
    return z;
  }
  if (type == "sage") {
    const Rows gathered = gather(aggregator, w, layer);
    if (aggregator == "gcn") {
      Rows y = times(gathered, parameter(layer, "weight"));
      add_bias(y, parameter(layer, "bias"));
      return y;
    }
    Rows y = times(gathered, parameter(layer, "weight_neighbor"));
    const Rows own = times(w.x, parameter(layer, "weight_self"));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t t = 0; t < y[i].size(); ++t) y[i][t] += own[i][t];
    add_bias(y, parameter(layer, "bias"));
    return y;
  }
  if (type == "gin") {
    Rows gathered = gather("sum", w, layer);
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

using Kinds = std::vector<std::pair<std::string, std::string>>;  // type, aggregator

const Kinds& kinds() {
  static const Kinds all = {{"gcn", ""},           {"sgc", ""},        {"appnp", ""},
                            {"gat", ""},           {"gatv2", ""},      {"gin", ""},
                            {"linear", ""},        {"sage", "mean"},   {"sage", "sum"},
                            {"sage", "max"},       {"sage", "min"},    {"sage", "std"},
                            {"sage", "pool"},      {"sage", "gcn"},    {"sage", "lstm"},
                            {"sage", "attention"}, {"sage", "set2set"}};
  return all;
}

template <class T>
void check_kind(const std::string& type, const std::string& aggregator, const Case& c,
                std::uint64_t seed, double tolerance) {
  SCOPED_TRACE(type + " " + aggregator + " " + std::to_string(c.nodes));
  World<T> w(c, seed);
  Attributes attributes{{"type", type}};
  if (type != "appnp") attributes.emplace_back("out", std::to_string(c.out));
  if (!aggregator.empty()) attributes.emplace_back("aggregator", aggregator);
  if (type == "gat" || type == "gatv2") attributes.emplace_back("heads", std::to_string(c.heads));
  if (type == "sgc" || type == "appnp") attributes.emplace_back("hops", "3");
  if (type == "appnp") attributes.emplace_back("alpha", "0.15");
  if (type == "gin") attributes.emplace_back("eps", "0.3");
  if (type == "gin" || aggregator == "pool" || aggregator == "lstm")
    attributes.emplace_back("hidden", "7");
  const LayerSpec spec = parse_layer(attributes, c.in, 1);
  Model<T> model({&spec, 1}, seed);
  // Biases begin at zero, where an error in them would not show.
  rv::Rng rng(seed);
  for (auto& p : model.layers()[0].parameters())
    if (p.name.starts_with("bias"))
      for (std::size_t i = 0; i < p.value.size(); ++i)
        p.value.data()[i] = static_cast<T>(static_cast<float>(rng.normal()));
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

template <class T>
void check_all(double tolerance) {
  std::uint64_t seed = 1;
  for (const Case& c : kCases)
    for (const auto& [type, aggregator] : kinds())
      check_kind<T>(type, aggregator, c, ++seed, tolerance);
}

TEST(GnnFormula, Float64) { check_all<double>(1e-11); }
TEST(GnnFormula, Float32) { check_all<float>(3e-5); }

// The names that an error lists as known: each must stand among the formulas.
void expect_all_known(const Attributes& wrong, const std::set<std::string>& have) {
  try {
    parse_layer(wrong, 3, 1);
    ADD_FAILURE() << "accepted";
  } catch (const rv::Error& e) {
    const std::string hint = e.hint();
    const std::size_t from = std::string("Known are ").size();
    ASSERT_EQ(hint.rfind("Known are ", 0), 0u) << hint;
    std::stringstream names(hint.substr(from, hint.size() - from - 1));
    for (std::string name; std::getline(names, name, ',');) {
      name.erase(0, name.find_first_not_of(' '));
      EXPECT_TRUE(have.contains(name)) << "no independent formula of " << name;
    }
  }
}

TEST(GnnFormula, EveryLayerAndAggregatorHasOne) {
  std::set<std::string> types{"graphsage"}, aggregators;  // graphsage: another name of sage
  for (const auto& [type, aggregator] : kinds()) {
    types.insert(type);
    aggregators.insert(aggregator);
  }
  expect_all_known({{"type", "?"}, {"out", "2"}}, types);
  expect_all_known({{"type", "sage"}, {"out", "2"}, {"aggregator", "?"}}, aggregators);
}

}  // namespace
