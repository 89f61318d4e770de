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
    const auto wd = static_cast<T>(decay), rate = static_cast<T>(learning_rate_);
    T *w = p->value.data(), *m = p->moment1.data();
    const T* g = p->grad.data();
    const std::size_t n = p->value.size();
    if (type_ == OptimizerType::sgd) {
      for (std::size_t i = 0; i < n; ++i) {
        m[i] = T(kMomentum) * m[i] + g[i] + wd * w[i];
        w[i] -= rate * m[i];
      }
    } else {
      T* v = p->moment2.data();
      const T in_gradient = type_ == OptimizerType::adam ? wd : T(0);
      const T apart = type_ == OptimizerType::adamw ? rate * wd : T(0);
      const auto step = static_cast<T>(learning_rate_ / correct1);
      const auto root = static_cast<T>(1 / std::sqrt(correct2));
      for (std::size_t i = 0; i < n; ++i) {
        const T d = g[i] + in_gradient * w[i];
        m[i] = T(kBeta1) * m[i] + T(1 - kBeta1) * d;
        v[i] = T(kBeta2) * v[i] + T(1 - kBeta2) * d * d;
        w[i] -= step * m[i] / (std::sqrt(v[i]) * root + T(kEpsilon)) + apart * w[i];
      }
    }
    p->grad.fill(T(0));
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace rv::gnn
