// The LSTM aggregator of GraphSAGE and the LSTM cell of Set2Set. Gates in the order input, forget,
// cell, output (Hochreiter & Schmidhuber 1997, with forget gates).
#include <cmath>
#include <memory>

#include "core/gnn/kernels.h"
#include "core/gnn/ops.h"

namespace rv::gnn {
namespace {

template <class T>
T sigmoid(T v) {
  return T(1) / (T(1) + std::exp(-v));
}

// One step: gates [4 d] hold pre-activations and become activations; c, h are the new state.
template <class T>
void step(T* gates, const T* c_before, T* c, T* h, std::size_t d) {
  for (std::size_t j = 0; j < d; ++j) {
    const T i = sigmoid(gates[j]), f = sigmoid(gates[d + j]);
    const T g = std::tanh(gates[2 * d + j]), o = sigmoid(gates[3 * d + j]);
    gates[j] = i;
    gates[d + j] = f;
    gates[2 * d + j] = g;
    gates[3 * d + j] = o;
    c[j] = f * (c_before != nullptr ? c_before[j] : T(0)) + i * g;
    h[j] = o * std::tanh(c[j]);
  }
}

// The step's derivative. In: dh, dc of the new state. Out: dgates (pre-activation); dc becomes the
// gradient of the previous cell.
template <class T>
void step_backward(const T* gates, const T* c_before, const T* c, const T* dh, T* dc, T* dgates,
                   std::size_t d) {
  for (std::size_t j = 0; j < d; ++j) {
    const T i = gates[j], f = gates[d + j], g = gates[2 * d + j], o = gates[3 * d + j];
    const T tc = std::tanh(c[j]);
    const T dcell = dc[j] + dh[j] * o * (T(1) - tc * tc);
    dgates[j] = dcell * g * i * (T(1) - i);
    dgates[d + j] = dcell * (c_before != nullptr ? c_before[j] : T(0)) * f * (T(1) - f);
    dgates[2 * d + j] = dcell * i * (T(1) - g * g);
    dgates[3 * d + j] = dh[j] * tc * o * (T(1) - o);
    dc[j] = dcell * f;
  }
}

// States of every edge, kept for the derivative.
template <class T>
struct Trace {
  Tensor<T> gates;  // [edges, 4 d]
  Tensor<T> cell;   // [edges, d]
  Tensor<T> hidden;
};

}  // namespace

template <class T>
Var lstm_over_edges(Tape<T>& t, const Csr<T>& a, std::size_t rows, Var xw, Var w_hh, Var b_hh) {
  const std::size_t d = t.value(w_hh).columns();
  const std::size_t edges = a.offset[rows];
  const std::size_t cost = a.row_cost(8 * d * d + 40 * d);
  Tensor<T> y = Tensor<T>::zeros(rows, d, t.exec().budget());
  const auto trace = std::make_shared<Trace<T>>();
  if (t.training()) {
    trace->gates = t.tensor(edges, 4 * d);
    trace->cell = t.tensor(edges, d);
    trace->hidden = t.tensor(edges, d);
  }
  t.exec().for_rows(rows, cost, [&](std::size_t begin, std::size_t end) {
    std::vector<T> scratch(6 * d);
    for (std::size_t i = begin; i < end; ++i) {
      const T *h = nullptr, *c = nullptr;
      for (std::size_t e = a.offset[i]; e < a.offset[i + 1]; ++e) {
        T* gates = t.training() ? trace->gates.row(e) : scratch.data();
        T* c_new = t.training() ? trace->cell.row(e) : scratch.data() + 4 * d;
        T* h_new = t.training() ? trace->hidden.row(e) : scratch.data() + 5 * d;
        const T* from = t.value(xw).row(a.index[e]);
        for (std::size_t j = 0; j < 4 * d; ++j)
          gates[j] = from[j] + t.value(b_hh).data()[j] +
                     (h != nullptr ? dot(t.value(w_hh).row(j), h, d) : T(0));
        step(gates, c, c_new, h_new, d);
        h = h_new;
        c = c_new;
      }
      if (h != nullptr) std::copy_n(h, d, y.row(i));
    }
  });
  const Var self = t.next();
  return t.push(std::move(y), true, [=, &t, &a] {
    const Tensor<T>&dy = t.grad(self), &w = t.value(w_hh);
    Tensor<T> dgates = t.tensor(edges, 4 * d);
    t.exec().for_rows(rows, 2 * cost, [&](std::size_t begin, std::size_t end) {
      std::vector<T> dh(d), dc(d);
      for (std::size_t i = begin; i < end; ++i) {
        std::copy_n(dy.row(i), d, dh.data());
        std::fill(dc.begin(), dc.end(), T(0));
        for (std::size_t e = a.offset[i + 1]; e-- > a.offset[i];) {
          const T* before = e > a.offset[i] ? trace->cell.row(e - 1) : nullptr;
          step_backward(trace->gates.row(e), before, trace->cell.row(e), dh.data(), dc.data(),
                        dgates.row(e), d);
          std::fill(dh.begin(), dh.end(), T(0));
          for (std::size_t j = 0; j < 4 * d; ++j)
            add_scaled(dgates.row(e)[j], w.row(j), dh.data(), d);
        }
      }
    });
    // Gradients of the weights: one product over all edges, with the hidden state before each.
    Tensor<T> before = Tensor<T>::zeros(edges, d, t.exec().budget());
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t e = a.offset[i] + 1; e < a.offset[i + 1]; ++e)
        std::copy_n(trace->hidden.row(e - 1), d, before.row(e));
    if (t.needs_grad(w_hh))
      multiply(t.exec(), transposed(dgates), plain(before), 4 * d, edges, d, t.grad(w_hh).data(),
               true);
    if (t.needs_grad(b_hh))
      for (std::size_t e = 0; e < edges; ++e)
        add_scaled(T(1), dgates.row(e), t.grad(b_hh).data(), 4 * d);
    if (!t.needs_grad(xw)) return;
    Tensor<T>& dx = t.grad(xw);
    t.exec().for_rows(dx.rows(), a.row_cost(4 * d), [&](std::size_t begin, std::size_t end) {
      for (std::size_t c = begin; c < end; ++c)
        for (std::size_t at = a.t_offset[c]; at < a.t_offset[c + 1]; ++at) {
          if (a.t_row[at] >= rows) break;
          add_scaled(T(1), dgates.row(a.t_edge[at]), dx.row(c), 4 * d);
        }
    });
  });
}

template <class T>
Var lstm_cell(Tape<T>& t, Var gates, Var previous) {
  const Tensor<T>& v = t.value(gates);
  const std::size_t n = v.rows(), d = v.columns() / 4;
  const auto active = std::make_shared<Tensor<T>>(t.tensor(n, 4 * d));
  std::copy_n(v.data(), v.size(), active->data());
  Tensor<T> y = t.tensor(n, 2 * d);
  for (std::size_t i = 0; i < n; ++i)
    step(active->row(i), previous == kNone ? nullptr : t.value(previous).row(i) + d, y.row(i) + d,
         y.row(i), d);
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(gates) || t.needs_grad(previous), [=, &t] {
    const Tensor<T>&dy = t.grad(self), &out = t.value(self);
    std::vector<T> dc(d), dgates(4 * d);
    for (std::size_t i = 0; i < n; ++i) {
      std::copy_n(dy.row(i) + d, d, dc.data());
      step_backward(active->row(i), previous == kNone ? nullptr : t.value(previous).row(i) + d,
                    out.row(i) + d, dy.row(i), dc.data(), dgates.data(), d);
      if (t.needs_grad(gates)) add_scaled(T(1), dgates.data(), t.grad(gates).row(i), 4 * d);
      if (t.needs_grad(previous)) add_scaled(T(1), dc.data(), t.grad(previous).row(i) + d, d);
    }
  });
}

template Var lstm_over_edges(Tape<float>&, const Csr<float>&, std::size_t, Var, Var, Var);
template Var lstm_over_edges(Tape<double>&, const Csr<double>&, std::size_t, Var, Var, Var);
template Var lstm_cell(Tape<float>&, Var, Var);
template Var lstm_cell(Tape<double>&, Var, Var);

}  // namespace rv::gnn
