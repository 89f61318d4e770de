// Training of models: which nodes or pairs an epoch looks at, in which batches, and when to stop.
//
// For given data, options and seed the result is the same for any number of threads.
#pragma once

#include <functional>
#include <limits>

#include "core/gnn/model.h"
#include "core/gnn/optimizer.h"

namespace rv::gnn {

enum class Task : unsigned char { node_classification, link_prediction, unsupervised };
enum class Split : unsigned char { none, train, validation, test };

struct TrainOptions {
  Task task = Task::node_classification;
  int epochs = 200;
  double learning_rate = 0.01;
  double weight_decay = 5e-4;
  OptimizerType optimizer = OptimizerType::adam;
  std::size_t batch_size = 0;   // target nodes or pairs of a step; 0: all at once
  std::vector<int> fanout;      // in-edges sampled a hop, nearest first; empty: all
  int patience = 0;             // epochs without a better validation; 0: never stop early
  std::size_t negatives = 1;    // false pairs for each true one
  double holdout = 0.1;         // link prediction: share of the edges kept for validation
  std::size_t walk_length = 5;  // unsupervised: true pairs are this near on a random walk
  std::uint64_t seed = 0;
};

// The metric is accuracy for node classification, the area under the ROC curve for link prediction
// and missing (NaN) for unsupervised training.
struct EpochReport {
  int epoch;
  double loss, train_metric, validation_metric;
};

struct TrainResult {
  int epochs = 0;      // run
  int best_epoch = 0;  // whose weights were kept
  double loss = 0;
  double train_metric = std::numeric_limits<double>::quiet_NaN();
  double validation_metric = std::numeric_limits<double>::quiet_NaN();
  double test_metric = std::numeric_limits<double>::quiet_NaN();
};

class Trainer {
 public:
  Trainer(const Exec& exec, Model<float>& model, const Features<float>& features,
          const Graph<float>& graph, TrainOptions options);

  // labels: class of a node, -1: unknown; only nodes with a label are looked at.
  TrainResult classify(std::span<const std::int32_t> labels, std::span<const Split> splits,
                       const std::function<void(const EpochReport&)>& on_epoch);
  // Link prediction and unsupervised training: neighbours get a large dot product, others a small
  // one (GraphSAGE's loss; Kipf & Welling 2016 for links).
  TrainResult pairs(const std::function<void(const EpochReport&)>& on_epoch);

 private:
  struct Best;
  std::vector<Parameter<float>*> parameters();
  // One step on targets of the graph; `loss` builds the loss from the targets' rows, numbered as in
  // `targets` (or as in the graph, when targets are empty: all at once).
  double step(Adjacencies<float>& all, std::span<const std::uint32_t> targets, std::uint64_t seed,
              const std::function<Var(Tape<float>&, Var)>& loss);
  std::vector<LabelledPair> link_pairs(std::vector<LabelledPair>& held_out, Graph<float>& messages);
  std::vector<LabelledPair> walk_pairs(std::uint64_t seed) const;
  void add_negatives(std::vector<LabelledPair>& pairs, std::uint64_t seed) const;
  bool linked(std::uint32_t a, std::uint32_t b) const;
  double check_loss(double loss, int epoch) const;

  const Exec& exec_;
  Model<float>& model_;
  const Features<float>& features_;
  const Graph<float>& graph_;
  TrainOptions options_;
  Optimizer<float> optimizer_;
};

// Area under the ROC curve of scores against labels; NaN when one class is missing.
double area_under_curve(std::vector<std::pair<float, bool>> scored);

// Random permutation of 0 .. n-1, the same on every machine.
std::vector<std::uint32_t> permutation(std::size_t n, std::uint64_t seed);

}  // namespace rv::gnn
