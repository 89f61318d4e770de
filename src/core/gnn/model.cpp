#include "core/gnn/model.h"

#include "core/base/rng.h"

namespace rv::gnn {

template <class T>
Features<T> Features<T>::gather(std::span<const std::uint32_t> nodes, MemoryBudget* budget) const {
  Features out;
  if (!is_sparse()) {
    out.dense = Tensor<T>(nodes.size(), dense.columns(), budget);
    for (std::size_t i = 0; i < nodes.size(); ++i)
      std::copy_n(dense.row(nodes[i]), dense.columns(), out.dense.row(i));
    return out;
  }
  out.sparse.rows = nodes.size();
  out.sparse.columns = sparse.columns;
  for (const std::uint32_t node : nodes) {
    for (std::size_t e = sparse.offset[node]; e < sparse.offset[node + 1]; ++e) {
      out.sparse.index.push_back(sparse.index[e]);
      if (!sparse.value.empty()) out.sparse.value.push_back(sparse.value[e]);
    }
    out.sparse.offset.push_back(out.sparse.index.size());
  }
  return out;
}

template <class T>
Model<T>::Model(std::span<const LayerSpec> layers, std::uint64_t seed) {
  if (layers.empty())
    throw Error(ErrorCode::invalid_argument, "a model must have at least one layer");
  for (std::size_t i = 0; i < layers.size(); ++i)
    layers_.emplace_back(layers[i], mix64(seed ^ mix64(i + 1)));
}

template <class T>
std::size_t Model<T>::reach(std::size_t layers) const noexcept {
  std::size_t hops = 0;
  for (std::size_t i = 0; i < layers_.size() && (layers == 0 || i < layers); ++i)
    hops += layers_[i].spec().reach();
  return hops;
}

template <class T>
std::size_t Model<T>::parameter_count() const noexcept {
  std::size_t n = 0;
  for (const Layer<T>& layer : layers_)
    for (const Parameter<T>& p : layer.parameters()) n += p.value.size();
  return n;
}

template <class T>
Var Model<T>::forward(Tape<T>& t, const Features<T>& x, Adjacencies<T>& graph) {
  Signal<T> signal;
  if (x.is_sparse()) {
    signal.sparse = &x.sparse;
  } else {
    signal.dense = t.borrowed(x.dense);
  }
  std::size_t hops = reach();
  for (Layer<T>& layer : layers_) {
    hops -= layer.spec().reach();
    signal = {layer.forward(t, signal, graph, hops), nullptr};
  }
  return signal.dense;
}

template <class T>
Tensor<T> Model<T>::infer(const Exec& exec, const Features<T>& x, const Graph<T>& graph,
                          std::size_t layers) {
  Adjacencies<T> adjacencies(graph, false);
  return infer(exec, x, adjacencies, layers);
}

template <class T>
Tensor<T> Model<T>::infer(const Exec& exec, const Features<T>& x, Adjacencies<T>& graph,
                          std::size_t layers) {
  if (layers == 0) layers = layers_.size();
  std::size_t hops = reach(layers);
  Tensor<T> value;
  for (std::size_t i = 0; i < layers; ++i) {
    hops -= layers_[i].spec().reach();
    Tape<T> t(exec, false);
    Signal<T> signal;
    if (i == 0 && x.is_sparse()) {
      signal.sparse = &x.sparse;
    } else {
      signal.dense = t.borrowed(i == 0 ? x.dense : value);
    }
    const Var y = layers_[i].forward(t, signal, graph, hops);
    value = t.take(y);
  }
  return value;
}

template <class T>
Tensor<T> Model<T>::infer_nodes(const Exec& exec, const Features<T>& x, const Graph<T>& whole,
                                std::span<const std::uint32_t> nodes, std::size_t batch,
                                std::span<const int> fanout, std::uint64_t seed,
                                std::size_t layers) {
  if (layers == 0) layers = layers_.size();
  Tensor<T> out(nodes.size(), layers_[layers - 1].spec().width(), exec.budget());
  for (std::size_t begin = 0; begin < nodes.size(); begin += batch) {
    const auto targets = nodes.subspan(begin, std::min(batch, nodes.size() - begin));
    const Part<T> part = neighborhood(whole, targets, reach(layers), fanout, seed);
    const Tensor<T> y = infer(exec, x.gather(part.nodes, exec.budget()), part.graph, layers);
    std::copy_n(y.data(), y.size(), out.row(begin));
  }
  return out;
}

template struct Features<float>;
template struct Features<double>;
template class Model<float>;
template class Model<double>;

}  // namespace rv::gnn
