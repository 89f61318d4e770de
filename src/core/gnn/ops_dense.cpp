// Products, element-wise operations and reshaping.
#include <cmath>
#include <memory>

#include "core/gnn/kernels.h"
#include "core/gnn/ops.h"

namespace rv::gnn {
namespace {

// y = f(x) element-wise over whole matrices.
template <class T, class F>
void each(const Exec& exec, std::size_t n, F f) {
  exec.for_rows(n, 4, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) f(i);
  });
}

// out[j] += sum over rows of x: blocks of rows, added up in order.
template <class T>
void add_column_sums(const Tensor<T>& x, T* out) {
  for (std::size_t i = 0; i < x.rows(); ++i) add_scaled(T(1), x.row(i), out, x.columns());
}

}  // namespace

template <class T>
Var linear(Tape<T>& t, Var x, Var w, Var b) {
  const Exec& exec = t.exec();
  const std::size_t n = t.value(x).rows(), in = t.value(x).columns(), out = t.value(w).rows();
  Tensor<T> y = t.tensor(n, out);
  if (b != kNone)
    for (std::size_t i = 0; i < n; ++i) std::copy_n(t.value(b).data(), out, y.row(i));
  multiply(exec, plain(t.value(x)), transposed(t.value(w)), n, in, out, y.data(), b != kNone);
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x) || t.needs_grad(w) || t.needs_grad(b), [=, &t] {
    const Tensor<T>& dy = t.grad(self);
    if (t.needs_grad(x))
      multiply(t.exec(), plain(dy), plain(t.value(w)), n, out, in, t.grad(x).data(), true);
    if (t.needs_grad(w))
      multiply(t.exec(), transposed(dy), plain(t.value(x)), out, n, in, t.grad(w).data(), true);
    if (t.needs_grad(b)) add_column_sums(dy, t.grad(b).data());
  });
}

template <class T>
Var add(Tape<T>& t, Var a, Var b) {
  return combine(t, T(1), a, T(1), b);
}

template <class T>
Var combine(Tape<T>& t, T a, Var x, T b, Var y) {
  const Tensor<T>&vx = t.value(x), &vy = t.value(y);
  Tensor<T> z = t.tensor(vx.rows(), vx.columns());
  each<T>(t.exec(), z.size(),
          [&](std::size_t i) { z.data()[i] = a * vx.data()[i] + b * vy.data()[i]; });
  const Var self = t.next();
  return t.push(std::move(z), t.needs_grad(x) || t.needs_grad(y), [=, &t] {
    const Tensor<T>& dz = t.grad(self);
    if (t.needs_grad(x)) add_scaled(a, dz.data(), t.grad(x).data(), dz.size());
    if (t.needs_grad(y)) add_scaled(b, dz.data(), t.grad(y).data(), dz.size());
  });
}

template <class T>
Var add_row(Tape<T>& t, Var x, Var b) {
  Tensor<T> y = t.replace(x);
  const T* bias = t.value(b).data();
  t.exec().for_rows(y.rows(), 2 * y.columns(), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) add_scaled(T(1), bias, y.row(i), y.columns());
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x) || t.needs_grad(b), [=, &t] {
    const Tensor<T>& dy = t.grad(self);
    if (t.needs_grad(x)) add_scaled(T(1), dy.data(), t.grad(x).data(), dy.size());
    if (t.needs_grad(b)) add_column_sums(dy, t.grad(b).data());
  });
}

namespace {

constexpr double kLeakySlope = 0.01;

void exp_minus_one(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = std::min(x[i], 0.0f);
  simd::kernels().matrix.exp_shifted(y, n, 0.0f);
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : y[i] - 1;
}
void exp_minus_one(const double* x, double* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : std::expm1(x[i]);
}

template <class T>
void apply(Activation f, const T* x, T* y, std::size_t n) {
  switch (f) {
    case Activation::relu:
      for (std::size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : T(0);
      return;
    case Activation::elu:
      exp_minus_one(x, y, n);
      return;
    case Activation::leaky_relu:
      for (std::size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : T(kLeakySlope) * x[i];
      return;
    case Activation::tanh:
      for (std::size_t i = 0; i < n; ++i) y[i] = std::tanh(x[i]);
      return;
    case Activation::sigmoid:
      for (std::size_t i = 0; i < n; ++i) y[i] = T(1) / (T(1) + std::exp(-x[i]));
      return;
    case Activation::none:
      std::copy_n(x, n, y);
  }
}

// dx += f'(x) dy, from y = f(x).
template <class T>
void apply_derivative(Activation f, const T* y, const T* dy, T* dx, std::size_t n) {
  switch (f) {
    case Activation::relu:
      for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] > 0 ? dy[i] : T(0);
      return;
    case Activation::elu:
      for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] > 0 ? dy[i] : dy[i] * (y[i] + T(1));
      return;
    case Activation::leaky_relu:
      for (std::size_t i = 0; i < n; ++i) dx[i] += y[i] > 0 ? dy[i] : T(kLeakySlope) * dy[i];
      return;
    case Activation::tanh:
      for (std::size_t i = 0; i < n; ++i) dx[i] += dy[i] * (T(1) - y[i] * y[i]);
      return;
    case Activation::sigmoid:
      for (std::size_t i = 0; i < n; ++i) dx[i] += dy[i] * y[i] * (T(1) - y[i]);
      return;
    case Activation::none:
      for (std::size_t i = 0; i < n; ++i) dx[i] += dy[i];
  }
}

}  // namespace

template <class T>
Var activate(Tape<T>& t, Var x, Activation f) {
  if (f == Activation::none) return x;
  const Tensor<T>& vx = t.value(x);
  Tensor<T> y = t.tensor(vx.rows(), vx.columns());
  t.exec().for_rows(y.size(), 8, [&](std::size_t begin, std::size_t end) {
    apply(f, vx.data() + begin, y.data() + begin, end - begin);
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t] {
    const T *dy = t.grad(self).data(), *out = t.value(self).data();
    T* dx = t.grad(x).data();
    t.exec().for_rows(t.value(self).size(), 8, [=](std::size_t begin, std::size_t end) {
      apply_derivative(f, out + begin, dy + begin, dx + begin, end - begin);
    });
  });
}

template <class T>
Var normalize_rows(Tape<T>& t, Var x) {
  const Tensor<T>& vx = t.value(x);
  const std::size_t n = vx.rows(), k = vx.columns();
  Tensor<T> y = t.tensor(n, k);
  const auto length = std::make_shared<std::vector<T>>(n);
  t.exec().for_rows(n, 4 * k, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      T s = 0;
      for (std::size_t j = 0; j < k; ++j) s += vx.row(i)[j] * vx.row(i)[j];
      (*length)[i] = std::sqrt(s);
      for (std::size_t j = 0; j < k; ++j) y.row(i)[j] = s > 0 ? vx.row(i)[j] / (*length)[i] : T(0);
    }
  });
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t] {
    const Tensor<T>&dy = t.grad(self), &out = t.value(self);
    Tensor<T>& dx = t.grad(x);
    t.exec().for_rows(n, 6 * k, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        if (!((*length)[i] > 0)) continue;
        const T along = dot(dy.row(i), out.row(i), k);
        for (std::size_t j = 0; j < k; ++j)
          dx.row(i)[j] += (dy.row(i)[j] - along * out.row(i)[j]) / (*length)[i];
      }
    });
  });
}

template <class T>
Var first_rows(Tape<T>& t, Var x, std::size_t rows) {
  const Tensor<T>& vx = t.value(x);
  if (rows == vx.rows()) return x;
  Tensor<T> y = t.tensor(rows, vx.columns());
  std::copy_n(vx.data(), y.size(), y.data());
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t] {
    const Tensor<T>& dy = t.grad(self);
    add_scaled(T(1), dy.data(), t.grad(x).data(), dy.size());
  });
}

template <class T>
Var columns(Tape<T>& t, Var x, std::size_t from, std::size_t count) {
  const Tensor<T>& vx = t.value(x);
  Tensor<T> y = t.tensor(vx.rows(), count);
  for (std::size_t i = 0; i < y.rows(); ++i) std::copy_n(vx.row(i) + from, count, y.row(i));
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t] {
    const Tensor<T>& dy = t.grad(self);
    Tensor<T>& dx = t.grad(x);
    for (std::size_t i = 0; i < dy.rows(); ++i)
      add_scaled(T(1), dy.row(i), dx.row(i) + from, count);
  });
}

template <class T>
Var concat(Tape<T>& t, Var a, Var b) {
  const Tensor<T>&va = t.value(a), &vb = t.value(b);
  const std::size_t n = va.rows(), ca = va.columns(), cb = vb.columns();
  Tensor<T> y = t.tensor(n, ca + cb);
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(va.row(i), ca, y.row(i));
    std::copy_n(vb.row(i), cb, y.row(i) + ca);
  }
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(a) || t.needs_grad(b), [=, &t] {
    const Tensor<T>& dy = t.grad(self);
    for (std::size_t i = 0; i < n; ++i) {
      if (t.needs_grad(a)) add_scaled(T(1), dy.row(i), t.grad(a).row(i), ca);
      if (t.needs_grad(b)) add_scaled(T(1), dy.row(i) + ca, t.grad(b).row(i), cb);
    }
  });
}

template <class T>
Var mean_heads(Tape<T>& t, Var x, std::size_t heads) {
  if (heads == 1) return x;
  const Tensor<T>& vx = t.value(x);
  const std::size_t n = vx.rows(), d = vx.columns() / heads;
  const T share = T(1) / static_cast<T>(heads);
  Tensor<T> y = Tensor<T>::zeros(n, d, t.exec().budget());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t h = 0; h < heads; ++h) add_scaled(share, vx.row(i) + h * d, y.row(i), d);
  const Var self = t.next();
  return t.push(std::move(y), t.needs_grad(x), [=, &t] {
    const Tensor<T>& dy = t.grad(self);
    Tensor<T>& dx = t.grad(x);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t h = 0; h < heads; ++h) add_scaled(share, dy.row(i), dx.row(i) + h * d, d);
  });
}

template <class T>
Var gin_combine(Tape<T>& t, Var x, Var y, Var eps) {
  const Tensor<T>&vx = t.value(x), &vy = t.value(y);
  const T factor = T(1) + t.value(eps).data()[0];
  Tensor<T> z = t.tensor(vx.rows(), vx.columns());
  each<T>(t.exec(), z.size(),
          [&](std::size_t i) { z.data()[i] = factor * vx.data()[i] + vy.data()[i]; });
  const Var self = t.next();
  return t.push(std::move(z), true, [=, &t] {
    const Tensor<T>& dz = t.grad(self);
    if (t.needs_grad(x)) add_scaled(factor, dz.data(), t.grad(x).data(), dz.size());
    if (t.needs_grad(y)) add_scaled(T(1), dz.data(), t.grad(y).data(), dz.size());
    if (t.needs_grad(eps))
      for (std::size_t i = 0; i < dz.rows(); ++i)
        t.grad(eps).data()[0] += dot(dz.row(i), t.value(x).row(i), dz.columns());
  });
}

#define RV_INSTANTIATE(T)                                        \
  template Var linear(Tape<T>&, Var, Var, Var);                  \
  template Var add(Tape<T>&, Var, Var);                          \
  template Var combine(Tape<T>&, T, Var, T, Var);                \
  template Var add_row(Tape<T>&, Var, Var);                      \
  template Var activate(Tape<T>&, Var, Activation);              \
  template Var normalize_rows(Tape<T>&, Var);                    \
  template Var first_rows(Tape<T>&, Var, std::size_t);           \
  template Var columns(Tape<T>&, Var, std::size_t, std::size_t); \
  template Var concat(Tape<T>&, Var, Var);                       \
  template Var mean_heads(Tape<T>&, Var, std::size_t);           \
  template Var gin_combine(Tape<T>&, Var, Var, Var);
RV_INSTANTIATE(float)
RV_INSTANTIATE(double)
#undef RV_INSTANTIATE

}  // namespace rv::gnn
