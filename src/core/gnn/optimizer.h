// What turns gradients into steps.
#pragma once

#include <vector>

#include "core/gnn/layer.h"

namespace rv::gnn {

enum class OptimizerType : unsigned char { adam, adamw, sgd };

// Adam (Kingma & Ba 2015) with weight decay added to the gradient, AdamW (Loshchilov & Hutter 2019)
// with decay apart from it, or plain gradient descent with momentum 0.9. Moments live in the
// parameters.
template <class T>
class Optimizer {
 public:
  Optimizer(OptimizerType type, double learning_rate, double weight_decay)
      : type_(type), learning_rate_(learning_rate), weight_decay_(weight_decay) {}
  // One step for every parameter that has a gradient, which is cleared.
  void step(const std::vector<Parameter<T>*>& parameters);

 private:
  OptimizerType type_;
  double learning_rate_, weight_decay_;
  long steps_ = 0;
};

}  // namespace rv::gnn
