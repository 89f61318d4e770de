// Training of FastGRNN: back-propagation through time, Adam, gradient clipping, and the paper's
// three phases for sparse weights (dense, iterative hard thresholding, fixed support).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/memory_budget.h"
#include "core/base/stop.h"
#include "core/routing/fastgrnn.h"

namespace rv::routing {

// Labelled sequences. x holds them one after another, steps x input each; target classes each.
struct SequenceSet {
  int input = 0;
  int classes = 0;
  std::vector<float> x;
  std::vector<std::size_t> start;  // of each sequence in x, in floats
  std::vector<int> steps;
  std::vector<float> target;
  std::size_t size() const noexcept { return steps.size(); }
  void add(const float* values, int n_steps, const float* wanted);
};

struct FastGrnnTraining {
  int epochs = 100;
  int batch = 100;
  double learning_rate = 0.01;  // times 0.1 after two thirds of the epochs
  double clip = 5.0;            // of the gradient's norm; 0: none
  double w_sparsity = 1.0;      // share of W's (W1, W2) entries that stay; likewise U
  double u_sparsity = 1.0;
  std::uint64_t seed = 42;
  double validation_share = 0.0;  // held out; the best epoch's parameters are kept when > 0
  int patience = 0;               // epochs without improvement before it stops; 0: never

  void check() const;  // 22023
};

// What a stop left off, so that the caller can look at interrupts and resume.
class FastGrnnTrainer {
 public:
  FastGrnnTrainer(const FastGrnnShape& shape, SequenceSet data, const FastGrnnTraining& options,
                  MemoryBudget& budget);
  // True when training is complete; false when `stop` said so. Resumes where it stopped.
  bool run(StopProbe stop);

  const FastGrnn<float>& model() const noexcept { return model_; }
  int epochs_done() const noexcept { return epoch_; }
  double loss() const noexcept { return epoch_loss_; }  // mean of the last epoch
  double validation_loss() const noexcept { return best_validation_; }
  std::size_t training_size() const noexcept { return order_.size(); }
  std::size_t validation_size() const noexcept { return held_out_.size(); }

 private:
  void start_epoch();
  void end_epoch();
  void step(std::size_t first, std::size_t last);
  void threshold();
  double validation();

  FastGrnnShape shape_;
  SequenceSet data_;
  FastGrnnTraining options_;
  FastGrnn<float> model_;
  Rng rng_;
  std::vector<std::uint32_t> order_, held_out_;
  std::vector<std::size_t> batch_starts_;
  std::vector<float> gradient_, first_, second_, best_, x_, target_;
  std::vector<bool> fixed_zero_;
  std::size_t next_batch_ = 0;
  long updates_ = 0;
  int epoch_ = 0;
  int without_improvement_ = 0;
  double epoch_loss_ = 0;
  double running_loss_ = 0;
  double best_validation_ = 0;
  bool in_epoch_ = false;
  bool done_ = false;
};

// Class (or classes above one half) each sequence is put into: the share that is right.
double accuracy(const FastGrnn<float>& model, const SequenceSet& data);

}  // namespace rv::routing
