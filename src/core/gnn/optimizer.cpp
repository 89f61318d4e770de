#include "core/gnn/optimizer.h"

#include <cmath>

namespace rv::gnn {

template <class T>
void Optimizer<T>::step(const std::vector<Parameter<T>*>& parameters) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8, kMomentum = 0.9;
  ++steps_;
  const double correct1 = 1 - std::pow(kBeta1, static_cast<double>(steps_));
  const double correct2 = 1 - std::pow(kBeta2, static_cast<double>(steps_));
  for (Parameter<T>* p : parameters) {
    if (p->grad.empty()) continue;
    if (p->moment1.empty()) p->moment1 = Tensor<T>::zeros(p->value.rows(), p->value.columns());
    if (p->moment2.empty() && type_ != OptimizerType::sgd)
      p->moment2 = Tensor<T>::zeros(p->value.rows(), p->value.columns());
    const double decay = p->weight_decay >= 0 ? p->weight_decay : weight_decay_;
    for (std::size_t i = 0; i < p->value.size(); ++i) {
      const double w = static_cast<double>(p->value.data()[i]);
      double g = static_cast<double>(p->grad.data()[i]);
      double m = static_cast<double>(p->moment1.data()[i]);
      double change;
      if (type_ == OptimizerType::sgd) {
        m = kMomentum * m + g + decay * w;
        change = learning_rate_ * m;
      } else {
        if (type_ == OptimizerType::adam) g += decay * w;
        double v = static_cast<double>(p->moment2.data()[i]);
        m = kBeta1 * m + (1 - kBeta1) * g;
        v = kBeta2 * v + (1 - kBeta2) * g * g;
        p->moment2.data()[i] = static_cast<T>(v);
        change = learning_rate_ * (m / correct1) / (std::sqrt(v / correct2) + kEpsilon);
        if (type_ == OptimizerType::adamw) change += learning_rate_ * decay * w;
      }
      p->moment1.data()[i] = static_cast<T>(m);
      p->value.data()[i] = static_cast<T>(w - change);
    }
    p->grad.fill(T(0));
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace rv::gnn
