// FastGRNN: a fast, accurate, stable and tiny kilobyte sized gated recurrent neural network
// (Kusupati et al., NeurIPS 2018, equations (6) and (7)):
//
//   z_t = g(W x_t + U h_{t-1} + b_z)
//   c_t = f(W x_t + U h_{t-1} + b_h)            one W and one U serve the gate and the candidate
//   h_t = (zeta (1 - z_t) + nu) * c_t + z_t * h_{t-1}      zeta, nu = sigmoid of one scalar each
//
// with W = W1 W2^T and U = U1 U2^T when a rank is given, and a linear head y = V h_T + b_y.
//
// All parameters lie in one array in the order W|W1,W2, U|U1,U2, b_z, b_h, zeta, nu, V, b_y
// (matrices row-major: W is hidden x input, W1 hidden x rank, W2 input x rank, V classes x hidden),
// so that the optimiser, the codec and the gradient treat them alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/rng.h"

namespace rv::routing {

enum class Nonlinearity : std::uint8_t { sigmoid, tanh, relu, quant_tanh, quant_sigm, quant_sigm4 };

const char* nonlinearity_name(Nonlinearity n) noexcept;
// 22023 for a name that is none of sigmoid, tanh, relu, quantTanh, quantSigm, quantSigm4.
Nonlinearity nonlinearity_of(const std::string& name);

// What the head's outputs mean: one of several classes, or an independent probability each.
enum class Head : std::uint8_t { softmax, logistic };

struct FastGrnnShape {
  int input = 0;
  int hidden = 0;
  int classes = 0;
  int w_rank = 0;  // 0: full
  int u_rank = 0;
  Nonlinearity gate = Nonlinearity::sigmoid;
  Nonlinearity update = Nonlinearity::tanh;
  Head head = Head::softmax;

  static constexpr int kMaxInput = 16000;
  static constexpr int kMaxHidden = 4096;
  static constexpr int kMaxClasses = 4096;

  // 22023 naming the number that is out of its range.
  void check() const;
  // Where each part begins; `total` is the number of parameters, `cell` those before the head.
  struct Offsets {
    std::size_t w, w2, u, u2, b_z, b_h, zeta, nu, v, b_y, cell, total;
  };
  Offsets offsets() const noexcept;
};

// A cell and its parameters in the precision it computes in.
template <class T>
class FastGrnn {
 public:
  explicit FastGrnn(const FastGrnnShape& shape);
  FastGrnn(const FastGrnnShape& shape, std::vector<T> parameters);

  const FastGrnnShape& shape() const noexcept { return shape_; }
  std::span<T> parameters() noexcept { return parameters_; }
  std::span<const T> parameters() const noexcept { return parameters_; }

  // Small normal weights, biases 1, zeta 1, nu -4: the paper's initial values.
  void initialise(Rng& rng);

  // The hidden states of one sequence, steps x hidden; h0 may be null (zeros).
  std::vector<T> states(const T* x, int steps, const T* h0) const;
  // The head over one state.
  std::vector<T> logits(const T* h) const;

  // Loss and gradient over a batch of sequences of equal length: x is step-major (step, sequence,
  // input), target is sequence x classes (one-hot or probabilities), h0 null or sequence x hidden.
  // `gradient` is overwritten with the mean gradient; `h0_gradient` may be null. Returns the mean
  // loss: cross entropy, or the logistic loss summed over the classes.
  T loss_and_gradient(const T* x, int steps, int batch, const T* target, const T* h0,
                      std::span<T> gradient, T* h0_gradient) const;
  // Head outputs after the last step, sequence x classes, turned into probabilities.
  std::vector<T> probabilities(const T* x, int steps, int batch, const T* h0) const;

 private:
  FastGrnnShape shape_;
  std::vector<T> parameters_;
};

extern template class FastGrnn<float>;
extern template class FastGrnn<double>;

}  // namespace rv::routing
