// The golden cases of layers, aggregators, decoders and training steps, in float64 and float32.
#include "golden.h"

#include <gtest/gtest.h>

#include "core/gnn/model.h"
#include "core/gnn/optimizer.h"

namespace {

using namespace rv::gnn;

template <class T>
Tensor<T> tensor(const golden::Value& v) {
  const auto flat = v.flat();
  const bool matrix = !v.items.empty() && !v.items[0].items.empty();
  const std::size_t rows = matrix ? v.items.size() : 1;
  Tensor<T> t(rows, flat.size() / rows);
  for (std::size_t i = 0; i < flat.size(); ++i) t.data()[i] = static_cast<T>(flat[i]);
  return t;
}

template <class T>
Graph<T> graph_of(const golden::Value& in) {
  const auto& e = in.at("edge_index");
  const auto src = e.items[0].flat(), dst = e.items[1].flat();
  std::vector<double> w(src.size(), 1.0);
  if (in.has("edge_weight")) w = in.at("edge_weight").flat();
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < src.size(); ++i)
    edges.push_back({static_cast<std::uint32_t>(src[i]), static_cast<std::uint32_t>(dst[i]),
                     static_cast<float>(w[i])});
  return make_graph<T>(static_cast<std::size_t>(in.at("num_nodes").number), edges,
                       !in.has("edge_weight"));
}

template <class T>
void set(Layer<T>& layer, const char* name, const golden::Value& v) {
  Tensor<T> t = tensor<T>(v);
  Parameter<T>& p = layer.parameter(name);
  ASSERT_EQ(p.value.size(), t.size()) << name;
  std::copy_n(t.data(), t.size(), p.value.data());
}

struct Tolerance {
  double relative, absolute;
};

template <class T>
void expect_near(const T* got, const golden::Value& want, Tolerance tol, const std::string& what) {
  const auto w = want.flat();
  for (std::size_t i = 0; i < w.size(); ++i)
    ASSERT_LE(std::abs(static_cast<double>(got[i]) - w[i]),
              tol.absolute + tol.relative * std::abs(w[i]))
        << what << '[' << i << "] got " << got[i] << " want " << w[i];
}

// The layer of a golden case with its weights.
template <class T>
Layer<T> layer_of(const golden::Value& c, const std::string& kind, const std::string& variant) {
  const auto &in = c.at("inputs"), &params = c.at("params");
  const std::size_t columns = in.at("x").items[0].items.size();
  const auto rows = [&](const char* n) { return std::to_string(in.at(n).items.size()); };
  Attributes a{{"type", kind}};
  std::vector<std::pair<const char*, const char*>> names;
  if (params.has("activation")) a.emplace_back("activation", params.at("activation").text);
  if (kind == "gcn" || kind == "sgc") {
    a.emplace_back("out", rows("W"));
    if (params.has("add_self_loops"))
      a.emplace_back("self_loops", params.at("add_self_loops").number != 0 ? "true" : "false");
    if (params.has("normalize"))
      a.emplace_back("normalize", params.at("normalize").number != 0 ? "true" : "false");
    if (params.has("K")) a.emplace_back("hops", std::to_string(int(params.at("K").number)));
    names = {{"weight", "W"}, {"bias", "bias"}};
  } else if (kind == "appnp") {
    a.emplace_back("hops", std::to_string(int(params.at("K").number)));
    a.emplace_back("alpha", std::to_string(params.at("alpha").number));
  } else if (kind == "sage") {
    a.emplace_back("aggregator", params.at("aggregator").text);
    if (params.has("normalize") && params.at("normalize").number != 0)
      a.emplace_back("normalize", "true");
    if (variant == "gcn") {
      a.emplace_back("out", rows("W"));
      a.emplace_back("bias", "false");
      names = {{"weight", "W"}};
    } else {
      a.emplace_back("out", rows("W_neigh"));
      names = {{"weight_neighbor", "W_neigh"}, {"weight_self", "W_self"}, {"bias", "bias"}};
      if (variant == "pool") {
        a.emplace_back("hidden", rows("W_pool"));
        names.insert(names.end(), {{"weight_pool", "W_pool"}, {"bias_pool", "b_pool"}});
      }
      if (variant == "lstm")
        names.insert(names.end(), {{"weight_ih", "W_ih"},
                                   {"weight_hh", "W_hh"},
                                   {"bias_ih", "b_ih"},
                                   {"bias_hh", "b_hh"}});
    }
  } else if (kind == "gin") {
    a.emplace_back("out", rows("W_2"));
    a.emplace_back("hidden", rows("W_1"));
    a.emplace_back("eps", std::to_string(params.at("eps").number));
    names = {{"weight_1", "W_1"}, {"bias_1", "b_1"}, {"weight_2", "W_2"}, {"bias_2", "b_2"}};
  } else {
    const int heads = int(params.at("num_heads").number);
    a.emplace_back("heads", std::to_string(heads));
    a.emplace_back("concat", params.at("concat").number != 0 ? "true" : "false");
    a.emplace_back("negative_slope", std::to_string(params.at("negative_slope").number));
    const auto& first = in.at(kind == "gat" ? "W" : "W_l");
    a.emplace_back("out", std::to_string(int(first.items.size()) / heads));
    if (kind == "gat") {
      names = {{"weight", "W"},
               {"attention_source", "a_src"},
               {"attention_target", "a_dst"},
               {"bias", "bias"}};
    } else {
      names = {
          {"weight_source", "W_l"}, {"weight_target", "W_r"}, {"attention", "a"}, {"bias", "bias"}};
    }
  }
  Layer<T> layer(parse_layer(a, columns, 1), 1);
  for (const auto& [ours, theirs] : names) set(layer, ours, in.at(theirs));
  return layer;
}

template <class T>
void run_case(const golden::Value& c, const std::string& name, Tolerance tol) {
  const auto slash = name.find('/');
  const std::string kind = name.substr(0, slash);
  const std::string variant = slash == std::string::npos ? "" : name.substr(slash + 1);
  const auto &in = c.at("inputs"), &want = c.at("expected");
  const Exec exec;
  if (kind == "decoder") {
    const Tensor<T> z = tensor<T>(in.at("z"));
    for (std::size_t i = 0; i < in.at("pairs").items.size(); ++i) {
      const auto pair = in.at("pairs").items[i].flat();
      const T *a = z.row(std::size_t(pair[0])), *b = z.row(std::size_t(pair[1]));
      T s = 0;
      for (std::size_t j = 0; j < z.columns(); ++j)
        s += a[j] * b[j] * (variant == "distmult" ? T(in.at("r").items[j].number) : T(1));
      if (variant == "dot") s = T(1) / (T(1) + std::exp(-s));
      expect_near(&s, want.at("output").items[i], tol, name);
    }
    return;
  }
  const Graph<T> graph = graph_of<T>(in);
  Adjacencies<T> adjacencies(graph, false);
  const Tensor<T> x = tensor<T>(in.at("x"));
  Tape<T> t(exec, false);
  const Var vx = t.borrowed(x);
  Var y = kNone;
  if (kind == "message_pass") {
    y = aggregate(t, parse_aggregator(c.at("params").at("aggregator").text), adjacencies,
                  graph.nodes, vx);
  } else {
    Layer<T> layer = layer_of<T>(c, kind, variant);
    y = layer.forward(t, {vx, nullptr}, adjacencies, 0);
  }
  ASSERT_EQ(t.value(y).size(), want.at("output").flat().size()) << name;
  expect_near(t.value(y).data(), want.at("output"), tol, name);
}

// Layers, their golden weight names and head of a training case.
template <class T>
void run_training(const golden::Value& c, const std::string& name, Tolerance tol) {
  const auto& in = c.at("inputs");
  const auto rows = [&](const char* n) { return std::to_string(in.at(n).items.size()); };
  struct Weights {
    std::size_t layer;
    const char *ours, *theirs;
  };
  std::vector<Attributes> layers;
  std::vector<Weights> weights;
  if (name == "train/gcn") {
    layers = {{{"type", "gcn"}, {"out", rows("W_0")}, {"activation", "relu"}},
              {{"type", "gcn"}, {"out", rows("W_1")}}};
    weights = {{0, "weight", "W_0"}, {0, "bias", "b_0"}, {1, "weight", "W_1"}, {1, "bias", "b_1"}};
  } else if (name == "train/sage_mean") {
    layers = {{{"type", "sage"}, {"out", rows("Wn_0")}, {"activation", "relu"}},
              {{"type", "sage"}, {"out", rows("Wn_1")}}};
    weights = {{0, "weight_neighbor", "Wn_0"}, {0, "weight_self", "Ws_0"}, {0, "bias", "b_0"},
               {1, "weight_neighbor", "Wn_1"}, {1, "weight_self", "Ws_1"}, {1, "bias", "b_1"}};
  } else if (name == "train/gat") {
    layers = {{{"type", "gat"}, {"out", "2"}, {"heads", "2"}, {"activation", "elu"}},
              {{"type", "gat"}, {"out", "3"}}};
    weights = {{0, "weight", "W_0"},
               {0, "attention_source", "as_0"},
               {0, "attention_target", "ad_0"},
               {0, "bias", "b_0"},
               {1, "weight", "W_1"},
               {1, "attention_source", "as_1"},
               {1, "attention_target", "ad_1"},
               {1, "bias", "b_1"}};
  } else {
    layers = {{{"type", "gin"},
               {"out", rows("M2_0")},
               {"hidden", rows("M1_0")},
               {"activation", "relu"},
               {"train_eps", "true"}},
              {{"type", "linear"}, {"out", rows("W_out")}}};
    weights = {{0, "weight_1", "M1_0"}, {0, "bias_1", "c1_0"}, {0, "weight_2", "M2_0"},
               {0, "bias_2", "c2_0"},   {0, "eps", "eps"},     {1, "weight", "W_out"},
               {1, "bias", "b_out"}};
  }
  std::vector<LayerSpec> specs;
  std::size_t columns = in.at("x").items[0].items.size();
  for (const auto& a : layers) {
    specs.push_back(parse_layer(a, columns, specs.size() + 1));
    columns = specs.back().width();
  }
  Model<T> model(specs, 1);
  for (const auto& w : weights) set(model.layers()[w.layer], w.ours, in.at(w.theirs));
  const Graph<T> graph = graph_of<T>(in);
  Adjacencies<T> adjacencies(graph, true);
  Features<T> x;
  x.dense = tensor<T>(in.at("x"));
  std::vector<std::uint32_t> train;
  std::vector<std::int32_t> labels;
  const auto y = in.at("y").flat();
  for (const double i : in.at("train").flat()) {
    train.push_back(std::uint32_t(i));
    labels.push_back(std::int32_t(y[std::size_t(i)]));
  }
  const auto& want = c.at("expected");
  const Exec exec;
  Optimizer<T> optimizer(OptimizerType::adam, 0.01, 5e-4);
  for (const char* loss_name : {"loss", "loss_after_step"}) {
    Tape<T> t(exec, true);
    const Var logits = model.forward(t, x, adjacencies);
    const Var loss = cross_entropy(t, logits, train, labels);
    expect_near(t.value(loss).data(), want.at(loss_name), tol, name + " loss");
    if (std::string(loss_name) != "loss") break;
    expect_near(t.value(logits).data(), want.at("logits"), tol, name + " logits");
    t.backward();
    std::vector<Parameter<T>*> parameters;
    for (const auto& w : weights) {
      Parameter<T>& p = model.layers()[w.layer].parameter(w.ours);
      expect_near(p.grad.data(), want.at("grads").at(w.theirs), tol, name + " d" + w.theirs);
      parameters.push_back(&p);
    }
    optimizer.step(parameters);
    for (const auto& w : weights)
      expect_near(model.layers()[w.layer].parameter(w.ours).value.data(),
                  want.at("params_after_step").at(w.theirs), tol, name + " " + w.theirs);
  }
}

template <class T>
void run_all(const char* precision) {
  const auto file = golden::read("gnn.json");
  if (file == nullptr) GTEST_SKIP() << "no golden/gnn.json in " << golden::shared_folder();
  std::size_t cases = 0;
  for (const golden::Value& c : file->at("cases").items) {
    const std::string name = c.at("name").text;
    const auto& tol = c.at("tolerance").at(precision);
    const Tolerance tolerance{tol.at("rtol").number, tol.at("atol").number};
    if (name.rfind("train/", 0) == 0) {
      run_training<T>(c, name, tolerance);
    } else {
      run_case<T>(c, name, tolerance);
    }
    ++cases;
  }
  EXPECT_EQ(cases, 31u);
}

TEST(GnnGolden, Float64) { run_all<double>("float64"); }
TEST(GnnGolden, Float32) { run_all<float>("float32"); }

}  // namespace
