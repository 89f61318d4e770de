#include <cmath>
#include <memory>
#include <vector>

#include "core/gnn/kernels.h"
#include "core/gnn/ops.h"

namespace rv::gnn {

template <class T>
Var cross_entropy(Tape<T>& t, Var logits, std::span<const std::uint32_t> rows,
                  std::span<const std::int32_t> labels) {
  const Tensor<T>& v = t.value(logits);
  const std::size_t k = v.columns();
  const auto probability = std::make_shared<Tensor<T>>(t.tensor(rows.size(), k));
  const auto where = std::make_shared<std::vector<std::uint32_t>>(rows.begin(), rows.end());
  const auto label = std::make_shared<std::vector<std::int32_t>>(labels.begin(), labels.end());
  double total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const T* from = v.row(rows[i]);
    T* p = probability->row(i);
    const T largest = *std::max_element(from, from + k);
    T s = 0;
    for (std::size_t j = 0; j < k; ++j) s += p[j] = std::exp(from[j] - largest);
    for (std::size_t j = 0; j < k; ++j) p[j] /= s;
    total += std::log(static_cast<double>(s)) -
             static_cast<double>(from[static_cast<std::size_t>((*label)[i])] - largest);
  }
  Tensor<T> loss(1, 1);
  loss.data()[0] = static_cast<T>(total / static_cast<double>(rows.size()));
  const Var self = t.next();
  t.push(std::move(loss), true, [=, &t] {
    const T share = t.grad(self).data()[0] / static_cast<T>(where->size());
    for (std::size_t i = 0; i < where->size(); ++i) {
      T* d = t.grad(logits).row((*where)[i]);
      add_scaled(share, probability->row(i), d, k);
      d[(*label)[i]] -= share;
    }
  });
  if (t.training()) t.grad(self).fill(T(1));
  return self;
}

template <class T>
Var pair_loss(Tape<T>& t, Var z, std::span<const LabelledPair> pairs) {
  const Tensor<T>& v = t.value(z);
  const std::size_t k = v.columns();
  const auto kept = std::make_shared<std::vector<LabelledPair>>(pairs.begin(), pairs.end());
  double total = 0;
  for (const LabelledPair& p : *kept) {
    const double s = static_cast<double>(dot(v.row(p.a), v.row(p.b), k));
    // log(1 + exp(-s)) without overflow.
    const double x = p.linked ? -s : s;
    total += std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  Tensor<T> loss(1, 1);
  loss.data()[0] = static_cast<T>(total / static_cast<double>(kept->size()));
  const Var self = t.next();
  t.push(std::move(loss), true, [=, &t] {
    const Tensor<T>& x = t.value(z);
    Tensor<T>& d = t.grad(z);
    const T share = t.grad(self).data()[0] / static_cast<T>(kept->size());
    for (const LabelledPair& p : *kept) {
      const T s = dot(x.row(p.a), x.row(p.b), k);
      const T g = share * (T(1) / (T(1) + std::exp(-s)) - (p.linked ? T(1) : T(0)));
      add_scaled(g, x.row(p.b), d.row(p.a), k);
      add_scaled(g, x.row(p.a), d.row(p.b), k);
    }
  });
  if (t.training()) t.grad(self).fill(T(1));
  return self;
}

template Var cross_entropy(Tape<float>&, Var, std::span<const std::uint32_t>,
                           std::span<const std::int32_t>);
template Var cross_entropy(Tape<double>&, Var, std::span<const std::uint32_t>,
                           std::span<const std::int32_t>);
template Var pair_loss(Tape<float>&, Var, std::span<const LabelledPair>);
template Var pair_loss(Tape<double>&, Var, std::span<const LabelledPair>);

}  // namespace rv::gnn
