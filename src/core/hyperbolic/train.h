// Poincare embeddings of a hierarchy by Riemannian stochastic gradient descent.
// Nickel, Kiela 2017 (arXiv:1705.08039).
//
// The loss of an edge (child, parent) is -log softmax(-d(child, .)) of the parent against random
// nodes that are no neighbours of the child. Edges are taken in batches: gradients of a batch are
// computed from the same points, on any number of threads, and applied in the order of the edges,
// so the result depends on the options alone.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/stop.h"
#include "core/parallel/worker_pool.h"

namespace rv::hyperbolic {

struct Edge {
  std::uint32_t child, parent;
};

// In order of child and parent, without repetitions and without edges from a node to itself.
void tidy_edges(std::vector<Edge>& edges);

struct TrainOptions {
  std::size_t dim = 10;
  int epochs = 300;
  double learning_rate = 0.1;
  int negatives = 50;
  int burn_in = 20;        // epochs with a tenth of the learning rate
  std::size_t batch = 16;  // edges whose gradients are taken together
  double eps = 1e-5;       // points keep a norm of at most 1 - eps
  std::uint64_t seed = 0;
};

class PoincareTrainer {
 public:
  // Edges between nodes 0 .. nodes - 1; duplicates and self-loops are dropped. 22023 when nothing
  // is left.
  PoincareTrainer(std::size_t nodes, std::vector<Edge> edges, const TrainOptions& options);

  // Trains until it is finished (true) or `stop` says so (false): call again to resume. `pool` may
  // be null.
  bool run(WorkerPool* pool, StopProbe stop);

  int epoch() const noexcept { return epoch_; }
  double loss() const noexcept { return last_loss_; }  // mean of the last finished epoch
  const double* point(std::size_t node) const noexcept { return points_.data() + node * dim_; }
  std::size_t dim() const noexcept { return dim_; }

  // Bytes it will take.
  static std::size_t bytes(std::size_t nodes, std::size_t edges, std::size_t dim) noexcept;

 private:
  void gradients_of(std::size_t edge, double* gradient, std::uint32_t* touched, double* scratch,
                    double* loss) const;
  void apply(const double* gradient, const std::uint32_t* touched, double rate);
  bool is_neighbour(std::uint32_t child, std::uint32_t node) const noexcept;
  void shuffle();

  TrainOptions options_;
  std::size_t nodes_, dim_, row_;  // row_: points an edge touches
  std::vector<Edge> edges_;
  std::vector<std::uint32_t> neighbours_, first_neighbour_;  // sorted parents of every child
  std::vector<double> points_, rest_;                        // rest_: 1 - |x|^2
  std::vector<std::uint32_t> order_;
  std::vector<double> gradient_, losses_, scratch_;
  std::vector<std::uint32_t> touched_;
  int epoch_ = 0;
  std::size_t at_ = 0;  // next edge of the epoch
  bool begun_ = false;  // the epoch's order is made
  double loss_ = 0, last_loss_ = 0;
};

// How well distances recover the edges: for every child the ranks of its parents among the nodes
// that are not its parents (mean over all edges, 1 is best), and the mean average precision.
struct Reconstruction {
  double mean_rank, mean_average_precision;
  bool finished;
};

class PoincareEvaluator {
 public:
  PoincareEvaluator(std::size_t dim, std::vector<double> points, std::vector<Edge> edges,
                    std::vector<std::uint32_t> children);  // children to look at; empty: all
  Reconstruction run(WorkerPool* pool, StopProbe stop);

 private:
  struct Part {
    double ranks = 0, precision = 0;
    std::size_t edges = 0;
  };
  Part of_child(std::size_t child) const;

  std::size_t dim_, nodes_;
  std::vector<double> points_, rest_;
  std::vector<Edge> edges_;
  std::vector<std::size_t> starts_;  // of each child's edges, and the end
  std::vector<Part> parts_;
  std::vector<char> done_;
  std::vector<std::size_t> todo_;
};

}  // namespace rv::hyperbolic
