// One layer of a model: what it is, what it has learnt, and how it computes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/gnn/graph.h"
#include "core/gnn/ops.h"

namespace rv::gnn {

enum class LayerType : unsigned char { gcn, sage, gat, gatv2, gin, sgc, appnp, linear };
enum class Aggregator : unsigned char {
  mean,
  sum,
  max,
  min,
  std,
  pool,       // max over relu(W_pool x + b_pool), GraphSAGE eq. 3
  gcn,        // mean over the node and its sources, one weight, GraphSAGE eq. 2
  lstm,       // sources in order of their id
  attention,  // softmax(x_target . x_source / sqrt(k))
  set2set,    // Vinyals et al. 2016
};

// Everything that was said about a layer.
struct LayerSpec {
  LayerType type = LayerType::gcn;
  std::size_t in = 0;   // columns of its input
  std::size_t out = 0;  // units; of a GAT layer, units per head
  Activation activation = Activation::none;
  Aggregator aggregator = Aggregator::mean;  // sage
  bool bias = true;
  bool self_loops = true;  // gcn, sgc, appnp, gat, gatv2
  bool normalize = true;   // gcn, sgc: D^-1/2 A D^-1/2; sage: rows of length one at the end
  std::size_t heads = 1;   // gat, gatv2
  bool concat = true;      // gat, gatv2: heads side by side, otherwise averaged
  double negative_slope = 0.2;
  double dropout = 0;            // of the layer's input, in training
  double attention_dropout = 0;  // gat, gatv2
  double eps = 0;                // gin
  bool train_eps = false;        // gin
  std::size_t hidden = 0;        // gin's MLP, pool, lstm; 0: as many as out (lstm: as in)
  std::size_t hops = 1;          // sgc, appnp
  double alpha = 0.1;            // appnp
  std::size_t steps = 3;         // set2set
  double weight_decay = -1;      // < 0: the optimizer's

  std::size_t width() const noexcept {  // columns of its output
    const bool heads_apart = (type == LayerType::gat || type == LayerType::gatv2) && concat;
    return heads_apart ? out * heads : out;
  }
  std::size_t reach() const noexcept {  // hops of edges it looks along
    if (type == LayerType::linear) return 0;
    return type == LayerType::sgc || type == LayerType::appnp ? hops : 1;
  }
};

using Attributes = std::vector<std::pair<std::string, std::string>>;

// From names and values as a user writes them; 22023 for an unknown name or a value out of range.
// `position` (from 1) appears in messages.
LayerSpec parse_layer(const Attributes& attributes, std::size_t in, std::size_t position);
Aggregator parse_aggregator(std::string_view name);
const char* type_name(LayerType type) noexcept;

// Features of nodes: dense, or sparse when most are zero.
template <class T>
struct Signal {
  Var dense = kNone;
  const Csr<T>* sparse = nullptr;
};

template <class T>
class Layer {
 public:
  // Weights as Glorot & Bengio 2010 (LSTM: uniform within 1 / sqrt(hidden)), biases zero.
  Layer(const LayerSpec& spec, std::uint64_t seed);

  const LayerSpec& spec() const noexcept { return spec_; }
  std::vector<Parameter<T>>& parameters() noexcept { return parameters_; }
  const std::vector<Parameter<T>>& parameters() const noexcept { return parameters_; }
  Parameter<T>& parameter(std::string_view name);

  // Gives the rows that are needed when `hops_after` more hops follow; x has those that are needed
  // when reach() more do.
  Var forward(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t hops_after);

 private:
  Var use(Tape<T>& t, std::string_view name) { return t.parameter(parameter(name)); }
  Var bias(Tape<T>& t) { return spec_.bias ? use(t, "bias") : kNone; }
  Var gcn(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t hops_after);
  Var sage(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t rows);
  Var attention(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t rows);
  Var gin(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t rows);

  LayerSpec spec_;
  std::vector<Parameter<T>> parameters_;
};

// Aggregates over in-edges without weights of its own; gcn, pool, lstm and set2set need a layer.
template <class T>
Var aggregate(Tape<T>& t, Aggregator how, Adjacencies<T>& graph, std::size_t rows, Var x);

// Set2Set over each row's sources: `steps` of an LSTM cell (w_ih [4 k, 2 k], w_hh [4 k, k], biases)
// whose hidden state queries the sources by dot-product attention; gives [query | read], 2 k wide.
template <class T>
Var set2set(Tape<T>& t, Adjacencies<T>& graph, std::size_t rows, Var x, std::size_t steps, Var w_ih,
            Var w_hh, Var b_ih, Var b_hh);

}  // namespace rv::gnn
