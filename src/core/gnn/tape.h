// Reverse-mode differentiation over matrices: each operation appends its value and how to pass a
// gradient on; backward() walks the list from the end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/gnn/tensor.h"

namespace rv::gnn {

// A trained matrix with its gradient and the moments of Adam. The gradient is added to until
// zero_grad().
template <class T>
struct Parameter {
  std::string name;
  Tensor<T> value;
  Tensor<T> grad, moment1, moment2;  // empty until training begins
  double weight_decay = -1;          // < 0: the optimizer's
};

using Var = std::uint32_t;
inline constexpr Var kNone = 0xFFFFFFFFu;

template <class T>
class Tape {
 public:
  using Backward = std::function<void()>;

  // `training`: operations record their derivative and dropout is on; otherwise only values.
  // `seed` gives the dropout masks.
  Tape(const Exec& exec, bool training, std::uint64_t seed = 0)
      : exec_(exec), training_(training), seed_(seed) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  const Exec& exec() const noexcept { return exec_; }
  bool training() const noexcept { return training_; }
  // A seed of its own for each random operation.
  std::uint64_t next_seed() noexcept { return mix64(seed_ ^ mix64(++draws_)); }

  Tensor<T> tensor(std::size_t rows, std::size_t columns) const {
    return Tensor<T>(rows, columns, exec_.budget());
  }

  Var constant(Tensor<T> value) { return push(std::move(value), false, nullptr); }
  // A value someone else keeps.
  Var borrowed(const Tensor<T>& value) {
    nodes_.push_back({Tensor<T>(), &value, nullptr, Tensor<T>(), nullptr, false});
    return static_cast<Var>(nodes_.size() - 1);
  }
  Var parameter(Parameter<T>& p) {
    nodes_.push_back({Tensor<T>(), &p.value, &p.grad, Tensor<T>(), nullptr, training_});
    return static_cast<Var>(nodes_.size() - 1);
  }
  // The result of an operation; needs_grad: one of its inputs does.
  Var push(Tensor<T> value, bool needs_grad, Backward backward) {
    const bool record = training_ && needs_grad;
    nodes_.push_back({std::move(value), nullptr, nullptr, Tensor<T>(),
                      record ? std::move(backward) : nullptr, record});
    return static_cast<Var>(nodes_.size() - 1);
  }
  // The variable the next push() will return: backward functions name their own result.
  Var next() const noexcept { return static_cast<Var>(nodes_.size()); }

  const Tensor<T>& value(Var v) const noexcept {
    const Node& node = nodes_[v];
    return node.outside != nullptr ? *node.outside : node.value;
  }
  bool needs_grad(Var v) const noexcept { return v != kNone && nodes_[v].needs_grad; }
  // Where the gradient of v is added up; zeros at first.
  Tensor<T>& grad(Var v) {
    Node& node = nodes_[v];
    Tensor<T>& g = node.outside_grad != nullptr ? *node.outside_grad : node.grad;
    if (g.empty()) {
      const Tensor<T>& of = value(v);
      g = Tensor<T>::zeros(of.rows(), of.columns(), exec_.budget());
    }
    return g;
  }
  // Keeps an object that an operation refers to.
  void keep(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }
  // Memory for a result shaped like x, of which x is the last use: outside training that of x
  // itself, when the tape owns it. Element-wise operations may then overwrite.
  Tensor<T> replace(Var v) {
    Node& node = nodes_[v];
    if (!training_ && node.outside == nullptr) return std::move(node.value);
    const Tensor<T>& of = value(v);
    Tensor<T> copy = tensor(of.rows(), of.columns());
    std::copy_n(of.data(), of.size(), copy.data());
    return copy;
  }
  // Moves a result out; the variable is empty afterwards.
  Tensor<T> take(Var v) { return std::move(nodes_[v].value); }

  // Adds d(loss)/d(parameter) to every parameter's gradient; the caller has set grad(loss). Values
  // and gradients of the operations are freed on the way.
  void backward() {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      Node& node = nodes_[i];
      if (node.backward && !node.grad.empty()) node.backward();
      node.backward = nullptr;
      node.grad = Tensor<T>();
    }
  }

 private:
  struct Node {
    Tensor<T> value;
    const Tensor<T>* outside;
    Tensor<T>* outside_grad;
    Tensor<T> grad;
    Backward backward;
    bool needs_grad;
  };
  const Exec& exec_;
  bool training_;
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace rv::gnn
