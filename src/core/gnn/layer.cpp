#include "core/gnn/layer.h"

#include <cmath>

#include "core/base/rng.h"
#include "core/gnn/kernels.h"

namespace rv::gnn {
namespace {

template <class T>
class Builder {
 public:
  Builder(std::vector<Parameter<T>>& to, const LayerSpec& spec, std::uint64_t seed)
      : to_(to), spec_(spec), seed_(seed) {}

  void weight(const char* name, std::size_t rows, std::size_t columns) {
    uniform(name, rows, columns, std::sqrt(6.0 / static_cast<double>(rows + columns)));
  }
  void uniform(const char* name, std::size_t rows, std::size_t columns, double limit) {
    Tensor<T> value(rows, columns);
    Rng rng(mix64(seed_ ^ mix64(to_.size() + 1)));
    for (std::size_t i = 0; i < value.size(); ++i)
      value.data()[i] = static_cast<T>(limit * (2 * rng.uniform() - 1));
    push(name, std::move(value));
  }
  void constant(const char* name, std::size_t columns, double v) {
    Tensor<T> value(1, columns);
    value.fill(static_cast<T>(v));
    push(name, std::move(value));
  }
  void bias(const char* name, std::size_t columns) { constant(name, columns, 0); }

 private:
  void push(const char* name, Tensor<T> value) {
    to_.push_back({name, std::move(value), {}, {}, {}, spec_.weight_decay});
  }
  std::vector<Parameter<T>>& to_;
  const LayerSpec& spec_;
  std::uint64_t seed_;
};

template <class T>
Var linear(Tape<T>& t, Signal<T> x, Var w, Var b) {
  return x.sparse != nullptr ? linear(t, *x.sparse, w, b) : linear(t, x.dense, w, b);
}

// The features as a matrix, for operations that have no sparse form.
template <class T>
Var dense(Tape<T>& t, Signal<T> x) {
  if (x.sparse == nullptr) return x.dense;
  const Csr<T>& s = *x.sparse;
  Tensor<T> full = Tensor<T>::zeros(s.rows, s.columns, t.exec().budget());
  for (std::size_t i = 0; i < s.rows; ++i)
    for (std::size_t e = s.offset[i]; e < s.offset[i + 1]; ++e)
      full.row(i)[s.index[e]] += s.weight(e);
  return t.constant(std::move(full));
}

// Transforming before aggregating is the same by linearity, and less work on fewer columns.
template <class T>
bool transform_first(const LayerSpec& spec, Signal<T> x, std::size_t columns) {
  return x.sparse != nullptr || columns <= spec.in;
}

}  // namespace

template <class T>
Layer<T>::Layer(const LayerSpec& spec, std::uint64_t seed) : spec_(spec) {
  Builder<T> build(parameters_, spec_, seed);
  const std::size_t in = spec.in, out = spec.out, hidden = spec.hidden;
  const double lstm_limit = 1.0 / std::sqrt(static_cast<double>(std::max<std::size_t>(hidden, 1)));
  switch (spec.type) {
    case LayerType::gcn:
    case LayerType::sgc:
    case LayerType::linear:
      build.weight("weight", out, in);
      break;
    case LayerType::appnp:
      return;
    case LayerType::sage: {
      std::size_t message = in;
      if (spec.aggregator == Aggregator::pool) {
        build.weight("weight_pool", hidden, in);
        build.bias("bias_pool", hidden);
        message = hidden;
      } else if (spec.aggregator == Aggregator::lstm) {
        build.uniform("weight_ih", 4 * hidden, in, lstm_limit);
        build.uniform("weight_hh", 4 * hidden, hidden, lstm_limit);
        build.bias("bias_ih", 4 * hidden);
        build.bias("bias_hh", 4 * hidden);
        message = hidden;
      } else if (spec.aggregator == Aggregator::set2set) {
        const double limit = 1.0 / std::sqrt(static_cast<double>(in));
        build.uniform("weight_ih", 4 * in, 2 * in, limit);
        build.uniform("weight_hh", 4 * in, in, limit);
        build.bias("bias_ih", 4 * in);
        build.bias("bias_hh", 4 * in);
        message = 2 * in;
      }
      if (spec.aggregator == Aggregator::gcn) {
        build.weight("weight", out, in);
      } else {
        build.weight("weight_neighbor", out, message);
        build.weight("weight_self", out, in);
      }
      break;
    }
    case LayerType::gat:
      build.weight("weight", out * spec.heads, in);
      build.weight("attention_source", spec.heads, out);
      build.weight("attention_target", spec.heads, out);
      break;
    case LayerType::gatv2:
      build.weight("weight_source", out * spec.heads, in);
      build.weight("weight_target", out * spec.heads, in);
      build.weight("attention", spec.heads, out);
      break;
    case LayerType::gin:
      build.weight("weight_1", hidden, in);
      build.bias("bias_1", hidden);
      build.weight("weight_2", out, hidden);
      build.bias("bias_2", out);
      build.constant("eps", 1, spec.eps);
      return;
  }
  if (spec.bias) build.bias("bias", spec.width());
}

template <class T>
Parameter<T>& Layer<T>::parameter(std::string_view name) {
  for (Parameter<T>& p : parameters_)
    if (p.name == name) return p;
  throw Error(ErrorCode::internal,
              std::string(type_name(spec_.type)) + " layer has no parameter " + std::string(name));
}

template <class T>
Var Layer<T>::forward(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t hops_after) {
  const std::size_t rows = graph.graph().rows_at(hops_after);
  if (t.training() && spec_.dropout > 0) {
    if (x.sparse != nullptr) {
      const auto dropped = std::make_shared<Csr<T>>(dropout(t, *x.sparse, spec_.dropout));
      t.keep(dropped);
      x.sparse = dropped.get();
    } else {
      x.dense = dropout(t, x.dense, spec_.dropout);
    }
  }
  Var y = kNone;
  switch (spec_.type) {
    case LayerType::gcn:
    case LayerType::sgc:
    case LayerType::appnp:
      y = gcn(t, x, graph, hops_after);
      break;
    case LayerType::sage:
      y = sage(t, x, graph, rows);
      break;
    case LayerType::gat:
    case LayerType::gatv2:
      y = attention(t, x, graph, rows);
      break;
    case LayerType::gin:
      y = gin(t, x, graph, rows);
      break;
    case LayerType::linear:
      y = first_rows(t, linear(t, x, use(t, "weight"), bias(t)), rows);
      break;
  }
  y = activate(t, y, spec_.activation);
  if (spec_.type == LayerType::sage && spec_.normalize) y = normalize_rows(t, y);
  return y;
}

// GCN, Kipf & Welling 2017; SGC, Wu et al. 2019 (the same with `hops` propagations); APPNP,
// Gasteiger et al. 2019: Z <- (1 - alpha) A Z + alpha X.
template <class T>
Var Layer<T>::gcn(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t hops_after) {
  const Adjacency kind = !spec_.normalize   ? Adjacency::raw
                         : spec_.self_loops ? Adjacency::symmetric_loops
                                            : Adjacency::symmetric;
  const Csr<T>& adjacency = graph.get(kind);
  const bool appnp = spec_.type == LayerType::appnp;
  const bool first = !appnp && transform_first(spec_, x, spec_.out);
  const Var start = first ? linear(t, x, use(t, "weight"), kNone) : dense(t, x);
  Var z = start;
  const std::size_t hops = spec_.reach();
  for (std::size_t hop = 1; hop <= hops; ++hop) {
    const std::size_t rows = graph.graph().rows_at(hops_after + hops - hop);
    z = propagate(t, adjacency, rows, z);
    const T alpha = static_cast<T>(spec_.alpha);
    if (appnp) z = combine(t, T(1) - alpha, z, alpha, first_rows(t, start, rows));
  }
  if (appnp) return z;
  if (!first) return gnn::linear(t, z, use(t, "weight"), bias(t));
  return spec_.bias ? add_row(t, z, bias(t)) : z;
}

template <class T>
Var Layer<T>::sage(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t rows) {
  const Aggregator how = spec_.aggregator;
  if (how == Aggregator::gcn) {
    const Csr<T>& adjacency = graph.get(Adjacency::mean_with_self);
    if (!transform_first(spec_, x, spec_.out))
      return gnn::linear(t, propagate(t, adjacency, rows, x.dense), use(t, "weight"), bias(t));
    const Var z = propagate(t, adjacency, rows, linear(t, x, use(t, "weight"), kNone));
    return spec_.bias ? add_row(t, z, bias(t)) : z;
  }
  Var message = kNone;
  const bool is_linear = how == Aggregator::mean || how == Aggregator::sum;
  if (is_linear && transform_first(spec_, x, spec_.out)) {
    message = aggregate(t, how, graph, rows, linear(t, x, use(t, "weight_neighbor"), kNone));
  } else {
    Var gathered = kNone;
    if (how == Aggregator::pool) {
      const Var pooled = linear(t, x, use(t, "weight_pool"), use(t, "bias_pool"));
      gathered = aggregate(t, Aggregator::max, graph, rows, activate(t, pooled, Activation::relu));
    } else if (how == Aggregator::lstm) {
      gathered = lstm_over_edges(t, graph.get(Adjacency::raw), rows,
                                 linear(t, x, use(t, "weight_ih"), use(t, "bias_ih")),
                                 use(t, "weight_hh"), use(t, "bias_hh"));
    } else if (how == Aggregator::set2set) {
      gathered = set2set(t, graph, rows, dense(t, x), spec_.steps, use(t, "weight_ih"),
                         use(t, "weight_hh"), use(t, "bias_ih"), use(t, "bias_hh"));
    } else {
      gathered = aggregate(t, how, graph, rows, dense(t, x));
    }
    message = gnn::linear(t, gathered, use(t, "weight_neighbor"), kNone);
  }
  const Var own = first_rows(t, linear(t, x, use(t, "weight_self"), bias(t)), rows);
  return add(t, message, own);
}

template <class T>
Var Layer<T>::attention(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t rows) {
  const Csr<T>& adjacency = graph.get(spec_.self_loops ? Adjacency::attention : Adjacency::raw);
  const AttentionOptions options{spec_.heads, spec_.negative_slope, spec_.attention_dropout};
  Var y = kNone;
  if (spec_.type == LayerType::gat) {
    const Var h = linear(t, x, use(t, "weight"), kNone);
    y = gat(t, adjacency, rows, h, use(t, "attention_source"), use(t, "attention_target"), options);
  } else {
    const Var left = linear(t, x, use(t, "weight_source"), kNone);
    const Var right = first_rows(t, linear(t, x, use(t, "weight_target"), kNone), rows);
    y = gatv2(t, adjacency, rows, left, right, use(t, "attention"), options);
  }
  if (!spec_.concat) y = mean_heads(t, y, spec_.heads);
  return spec_.bias ? add_row(t, y, bias(t)) : y;
}

// GIN, Xu et al. 2019: MLP((1 + eps) x_i + sum_j x_j) with one hidden layer of relu.
template <class T>
Var Layer<T>::gin(Tape<T>& t, Signal<T> x, Adjacencies<T>& graph, std::size_t rows) {
  const Csr<T>& adjacency = graph.get(Adjacency::raw);
  Parameter<T>& eps_parameter = parameter("eps");
  const Var eps = spec_.train_eps ? t.parameter(eps_parameter) : t.borrowed(eps_parameter.value);
  const bool first = transform_first(spec_, x, spec_.hidden);
  const Var z = first ? linear(t, x, use(t, "weight_1"), kNone) : x.dense;
  const Var sum = propagate(t, adjacency, rows, z);
  const Var mixed = gin_combine(t, first_rows(t, z, rows), sum, eps);
  const Var h = first ? add_row(t, mixed, use(t, "bias_1"))
                      : gnn::linear(t, mixed, use(t, "weight_1"), use(t, "bias_1"));
  return gnn::linear(t, activate(t, h, Activation::relu), use(t, "weight_2"), use(t, "bias_2"));
}

template <class T>
Var aggregate(Tape<T>& t, Aggregator how, Adjacencies<T>& graph, std::size_t rows, Var x) {
  switch (how) {
    case Aggregator::mean:
      return propagate(t, graph.get(Adjacency::mean), rows, x);
    case Aggregator::sum:
      return propagate(t, graph.get(Adjacency::raw), rows, x);
    case Aggregator::max:
    case Aggregator::min:
      return extreme(t, graph.get(Adjacency::raw), rows, x, how == Aggregator::max);
    case Aggregator::std:
      return deviation(t, graph.get(Adjacency::raw), rows, x);
    case Aggregator::attention: {
      const T scale = T(1) / std::sqrt(static_cast<T>(t.value(x).columns()));
      return dot_attention(t, graph.get(Adjacency::raw), rows, first_rows(t, x, rows), x, scale);
    }
    case Aggregator::pool:
    case Aggregator::gcn:
    case Aggregator::lstm:
    case Aggregator::set2set:
      break;
  }
  throw Error(ErrorCode::invalid_argument, "this aggregator has weights: it needs a layer", {},
              "Use a sage layer with this aggregator.");
}

template <class T>
Var set2set(Tape<T>& t, Adjacencies<T>& graph, std::size_t rows, Var x, std::size_t steps, Var w_ih,
            Var w_hh, Var b_ih, Var b_hh) {
  const std::size_t k = t.value(x).columns();
  const Csr<T>& adjacency = graph.get(Adjacency::raw);
  Var read = t.constant(Tensor<T>::zeros(rows, 2 * k, t.exec().budget()));
  Var state = kNone;
  for (std::size_t step = 0; step < steps; ++step) {
    Var gates = gnn::linear(t, read, w_ih, b_ih);
    // The first hidden state is zero: only its bias remains.
    gates = state == kNone ? add_row(t, gates, b_hh)
                           : add(t, gates, gnn::linear(t, columns(t, state, 0, k), w_hh, b_hh));
    state = lstm_cell(t, gates, state);
    const Var query = columns(t, state, 0, k);
    read = concat(t, query, dot_attention(t, adjacency, rows, query, x, T(1)));
  }
  return read;
}

#define RV_INSTANTIATE(T)                                                                       \
  template class Layer<T>;                                                                      \
  template Var aggregate(Tape<T>&, Aggregator, Adjacencies<T>&, std::size_t, Var);              \
  template Var set2set(Tape<T>&, Adjacencies<T>&, std::size_t, Var, std::size_t, Var, Var, Var, \
                       Var);
RV_INSTANTIATE(float)
RV_INSTANTIATE(double)
#undef RV_INSTANTIATE

}  // namespace rv::gnn
