// A stack of layers: forward over a graph, in one piece or part by part.
#pragma once

#include "core/gnn/layer.h"

namespace rv::gnn {

// Node features, one row a node: `sparse` when it has columns, otherwise `dense`.
template <class T>
struct Features {
  Tensor<T> dense;
  Csr<T> sparse;
  bool is_sparse() const noexcept { return sparse.columns > 0; }
  std::size_t rows() const noexcept { return is_sparse() ? sparse.rows : dense.rows(); }
  std::size_t columns() const noexcept { return is_sparse() ? sparse.columns : dense.columns(); }
  // The rows of some nodes, in their order.
  Features gather(std::span<const std::uint32_t> nodes, MemoryBudget* budget) const;
};

template <class T>
class Model {
 public:
  Model(std::span<const LayerSpec> layers, std::uint64_t seed);

  std::vector<Layer<T>>& layers() noexcept { return layers_; }
  const std::vector<Layer<T>>& layers() const noexcept { return layers_; }
  std::size_t inputs() const noexcept { return layers_.front().spec().in; }
  std::size_t outputs() const noexcept { return layers_.back().spec().width(); }
  // Hops of edges the first `layers` layers look along, all of them when 0.
  std::size_t reach(std::size_t layers = 0) const noexcept;
  std::size_t parameter_count() const noexcept;

  // All layers on one tape, for training: the rows of the graph's targets.
  Var forward(Tape<T>& t, const Features<T>& x, Adjacencies<T>& graph);

  // The first `layers` layers (0: all) without gradients; every layer's input is freed once its
  // output stands.
  Tensor<T> infer(const Exec& exec, const Features<T>& x, const Graph<T>& graph,
                  std::size_t layers = 0);
  Tensor<T> infer(const Exec& exec, const Features<T>& x, Adjacencies<T>& graph,
                  std::size_t layers = 0);
  // The outputs of some nodes, a batch of them at a time with everything they depend on; fanout as
  // in neighborhood().
  Tensor<T> infer_nodes(const Exec& exec, const Features<T>& x, const Graph<T>& whole,
                        std::span<const std::uint32_t> nodes, std::size_t batch,
                        std::span<const int> fanout, std::uint64_t seed, std::size_t layers = 0);

 private:
  std::vector<Layer<T>> layers_;
};

// Bytes and floating-point operations a run needs, from sizes alone. sparse_values: the values that
// sparse features hold, 0 when they are dense.
struct Estimate {
  std::size_t bytes = 0;
  double operations = 0;
};
Estimate estimate_inference(std::span<const LayerSpec> layers, std::size_t nodes, std::size_t edges,
                            std::size_t sparse_values = 0);
// One epoch of training over all of it at once.
Estimate estimate_training(std::span<const LayerSpec> layers, std::size_t nodes, std::size_t edges,
                           std::size_t sparse_values = 0);

}  // namespace rv::gnn
