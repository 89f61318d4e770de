#include "core/routing/fastgrnn.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/base/error.h"

namespace rv::routing {
namespace {

constexpr const char* kNonlinearityNames[] = {"sigmoid",   "tanh",      "relu",
                                              "quantTanh", "quantSigm", "quantSigm4"};

template <class T>
using Columns = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;  // one column a sequence
template <class T>
using Column = Eigen::Matrix<T, Eigen::Dynamic, 1>;

// Every product goes through one of three functions of plain views: written as expressions, each
// pair of operands is a product of its own, which took four fifths of the time to compile this
// file.
template <class T>
using View = Eigen::Map<const Columns<T>>;
template <class T>
using Target = Eigen::Map<Columns<T>>;

template <class T>
View<T> view(const Columns<T>& m) {
  return {m.data(), m.rows(), m.cols()};
}
template <class T>
Target<T> target_of(Columns<T>& m) {
  return {m.data(), m.rows(), m.cols()};
}

// out += a b
template <class T>
[[gnu::noinline]] void add_product(const View<T>& a, const View<T>& b, Target<T> out) {
  out.noalias() += a * b;
}
// out += a^T b
template <class T>
[[gnu::noinline]] void add_transposed_product(const View<T>& a, const View<T>& b, Target<T> out) {
  out.noalias() += a.transpose() * b;
}
// out += a b^T
template <class T>
[[gnu::noinline]] void add_product_transposed(const View<T>& a, const View<T>& b, Target<T> out) {
  out.noalias() += a * b.transpose();
}
// a b and a^T b
template <class T>
void product(const View<T>& a, const View<T>& b, Columns<T>& out) {
  out.setZero(a.rows(), b.cols());
  add_product<T>(a, b, target_of(out));
}
template <class T>
void transposed_product(const View<T>& a, const View<T>& b, Columns<T>& out) {
  out.setZero(a.cols(), b.cols());
  add_transposed_product<T>(a, b, target_of(out));
}

template <class T>
T sigmoid(T a) {
  return T(1) / (T(1) + std::exp(-a));
}

template <class T>
void apply(Nonlinearity n, Columns<T>& a) {
  switch (n) {
    case Nonlinearity::sigmoid:
      a = (T(1) + (-a.array()).exp()).inverse();
      break;
    case Nonlinearity::tanh:
      a = a.array().tanh();
      break;
    case Nonlinearity::relu:
      a = a.array().max(T(0));
      break;
    case Nonlinearity::quant_tanh:
      a = a.array().max(T(-1)).min(T(1));
      break;
    case Nonlinearity::quant_sigm:
      a = ((a.array() + T(1)) / T(2)).max(T(0)).min(T(1));
      break;
    case Nonlinearity::quant_sigm4:
      a = ((a.array() + T(2)) / T(4)).max(T(0)).min(T(1));
      break;
  }
}

// d *= the derivative, which every one of them can tell from its value y.
template <class T>
void multiply_derivative(Nonlinearity n, const Columns<T>& y, Columns<T>& d) {
  const auto inside = [](T value, T low, T high, T slope) {
    return value > low && value < high ? slope : T(0);
  };
  switch (n) {
    case Nonlinearity::sigmoid:
      d.array() *= y.array() * (T(1) - y.array());
      break;
    case Nonlinearity::tanh:
      d.array() *= T(1) - y.array().square();
      break;
    case Nonlinearity::relu:
      d.array() *= y.unaryExpr([](T v) { return v > T(0) ? T(1) : T(0); }).array();
      break;
    case Nonlinearity::quant_tanh:
      d.array() *= y.unaryExpr([&](T v) { return inside(v, T(-1), T(1), T(1)); }).array();
      break;
    case Nonlinearity::quant_sigm:
      d.array() *= y.unaryExpr([&](T v) { return inside(v, T(0), T(1), T(0.5)); }).array();
      break;
    case Nonlinearity::quant_sigm4:
      d.array() *= y.unaryExpr([&](T v) { return inside(v, T(0), T(1), T(0.25)); }).array();
      break;
  }
}

// The parts of a parameter (or gradient) array. Its row-major matrices are seen as their transposes
// in Eigen's own order: `wt` is W^T.
template <class Scalar, class T = std::remove_const_t<Scalar>>
struct Parts {
  template <class M>
  using As = Eigen::Map<std::conditional_t<std::is_const_v<Scalar>, const M, M>>;
  As<Columns<T>> wt, w2t, ut, u2t, vt;
  As<Column<T>> b_z, b_h, b_y;
  Scalar* zeta;
  Scalar* nu;

  Parts(const FastGrnnShape& s, Scalar* p, const FastGrnnShape::Offsets& o)
      : wt(p + o.w, s.w_rank > 0 ? s.w_rank : s.input, s.hidden),
        w2t(p + o.w2, s.w_rank, s.w_rank > 0 ? s.input : 0),
        ut(p + o.u, s.u_rank > 0 ? s.u_rank : s.hidden, s.hidden),
        u2t(p + o.u2, s.u_rank, s.u_rank > 0 ? s.hidden : 0),
        vt(p + o.v, s.hidden, s.classes),
        b_z(p + o.b_z, s.hidden),
        b_h(p + o.b_h, s.hidden),
        b_y(p + o.b_y, s.classes),
        zeta(p + o.zeta),
        nu(p + o.nu) {}
};

// One step's values, kept for the way back.
template <class T>
struct Step {
  Columns<T> z, c, h, wx, uh;  // wx = W2^T x and uh = U2^T h_{t-1} when of low rank
};

template <class T>
void forward(const FastGrnnShape& s, const Parts<const T>& p, const View<T>& x,
             const Columns<T>& before, Step<T>& step) {
  Columns<T> a;
  if (s.w_rank > 0) {
    product<T>(p.w2t, x, step.wx);
    transposed_product<T>(p.wt, view(step.wx), a);
  } else {
    transposed_product<T>(p.wt, x, a);
  }
  if (s.u_rank > 0) {
    product<T>(p.u2t, view(before), step.uh);
    add_transposed_product<T>(p.ut, view(step.uh), target_of(a));
  } else {
    add_transposed_product<T>(p.ut, view(before), target_of(a));
  }
  step.z = a.colwise() + p.b_z;
  step.c = a.colwise() + p.b_h;
  apply(s.gate, step.z);
  apply(s.update, step.c);
  const T zeta = sigmoid(*p.zeta);
  const T nu = sigmoid(*p.nu);
  step.h = (zeta * (T(1) - step.z.array()) + nu) * step.c.array() + step.z.array() * before.array();
}

template <class T>
Columns<T> initial_state(const FastGrnnShape& s, int batch, const T* h0) {
  if (h0 == nullptr) return Columns<T>::Zero(s.hidden, batch);
  return View<T>(h0, s.hidden, batch);
}

template <class T>
void to_probabilities(Head head, Columns<T>& y) {
  if (head == Head::logistic) {
    y = (T(1) + (-y.array()).exp()).inverse();
    return;
  }
  y.rowwise() -= y.colwise().maxCoeff().eval();
  y = y.array().exp();
  y.array().rowwise() /= y.colwise().sum().array().eval();
}

void check_range(const char* what, int value, int low, int high) {
  if (value < low || value > high)
    throw Error(ErrorCode::invalid_argument,
                std::string(what) + " must be between " + std::to_string(low) + " and " +
                    std::to_string(high) + ", not " + std::to_string(value));
}

}  // namespace

const char* nonlinearity_name(Nonlinearity n) noexcept {
  return kNonlinearityNames[static_cast<int>(n)];
}

Nonlinearity nonlinearity_of(const std::string& name) {
  for (std::size_t i = 0; i < std::size(kNonlinearityNames); ++i)
    if (name == kNonlinearityNames[i]) return static_cast<Nonlinearity>(i);
  throw Error(ErrorCode::invalid_argument, "unknown nonlinearity \"" + name + "\"", {},
              "Use sigmoid, tanh, relu, quantTanh, quantSigm or quantSigm4.");
}

void FastGrnnShape::check() const {
  check_range("number of inputs", input, 1, kMaxInput);
  check_range("number of hidden units", hidden, 1, kMaxHidden);
  check_range("number of classes", classes, 1, kMaxClasses);
  check_range("rank of W", w_rank, 0, std::min(input, hidden));
  check_range("rank of U", u_rank, 0, hidden);
}

FastGrnnShape::Offsets FastGrnnShape::offsets() const noexcept {
  const auto n = [](int a, int b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  };
  Offsets o{};
  o.w2 = o.w + (w_rank > 0 ? n(hidden, w_rank) : n(hidden, input));
  o.u = o.w2 + n(input, w_rank);
  o.u2 = o.u + (u_rank > 0 ? n(hidden, u_rank) : n(hidden, hidden));
  o.b_z = o.u2 + n(hidden, u_rank);
  o.b_h = o.b_z + n(hidden, 1);
  o.zeta = o.b_h + n(hidden, 1);
  o.nu = o.zeta + 1;
  o.cell = o.v = o.nu + 1;
  o.b_y = o.v + n(classes, hidden);
  o.total = o.b_y + n(classes, 1);
  return o;
}

template <class T>
FastGrnn<T>::FastGrnn(const FastGrnnShape& shape)
    : FastGrnn(shape, std::vector<T>((shape.check(), shape.offsets().total))) {}

template <class T>
FastGrnn<T>::FastGrnn(const FastGrnnShape& shape, std::vector<T> parameters)
    : shape_(shape), parameters_(std::move(parameters)) {
  shape.check();
  if (parameters_.size() != shape.offsets().total)
    throw Error(ErrorCode::data_exception,
                "FastGRNN of this shape has " + std::to_string(shape.offsets().total) +
                    " parameters, not " + std::to_string(parameters_.size()));
}

template <class T>
void FastGrnn<T>::initialise(Rng& rng) {
  const auto o = shape_.offsets();
  for (std::size_t i = 0; i < o.b_z; ++i) parameters_[i] = static_cast<T>(0.1 * rng.normal());
  for (std::size_t i = o.b_z; i < o.zeta; ++i) parameters_[i] = T(1);
  parameters_[o.zeta] = T(1);
  parameters_[o.nu] = T(-4);
  const double scale = 1.0 / std::sqrt(static_cast<double>(shape_.hidden));
  for (std::size_t i = o.v; i < o.b_y; ++i)
    parameters_[i] = static_cast<T>(scale * (2 * rng.uniform() - 1));
  for (std::size_t i = o.b_y; i < o.total; ++i) parameters_[i] = T(0);
}

template <class T>
std::vector<T> FastGrnn<T>::states(const T* x, int steps, const T* h0) const {
  const Parts<const T> p(shape_, parameters_.data(), shape_.offsets());
  std::vector<T> out;
  out.reserve(static_cast<std::size_t>(steps) * static_cast<std::size_t>(shape_.hidden));
  Columns<T> h = initial_state(shape_, 1, h0);
  Step<T> step;
  for (int t = 0; t < steps; ++t) {
    forward<T>(shape_, p, View<T>(x + t * shape_.input, shape_.input, 1), h, step);
    h = step.h;
    out.insert(out.end(), h.data(), h.data() + h.size());
  }
  return out;
}

template <class T>
std::vector<T> FastGrnn<T>::logits(const T* h) const {
  const Parts<const T> p(shape_, parameters_.data(), shape_.offsets());
  Columns<T> y;
  transposed_product<T>(p.vt, View<T>(h, shape_.hidden, 1), y);
  y.colwise() += p.b_y;
  return {y.data(), y.data() + y.size()};
}

template <class T>
std::vector<T> FastGrnn<T>::probabilities(const T* x, int steps, int batch, const T* h0) const {
  const Parts<const T> p(shape_, parameters_.data(), shape_.offsets());
  Columns<T> h = initial_state(shape_, batch, h0);
  Step<T> step;
  for (int t = 0; t < steps; ++t) {
    const auto offset = static_cast<std::ptrdiff_t>(t) * batch * shape_.input;
    forward<T>(shape_, p, View<T>(x + offset, shape_.input, batch), h, step);
    h.swap(step.h);
  }
  Columns<T> y;
  transposed_product<T>(p.vt, view(h), y);
  y.colwise() += p.b_y;
  to_probabilities(shape_.head, y);
  return {y.data(), y.data() + y.size()};
}

template <class T>
T FastGrnn<T>::loss_and_gradient(const T* x, int steps, int batch, const T* target, const T* h0,
                                 std::span<T> gradient, T* h0_gradient) const {
  const auto o = shape_.offsets();
  const Parts<const T> p(shape_, parameters_.data(), o);
  std::fill(gradient.begin(), gradient.end(), T(0));
  Parts<T> g(shape_, gradient.data(), o);
  const auto input_at = [&](int t) {
    const auto offset = static_cast<std::ptrdiff_t>(t) * batch * shape_.input;
    return View<T>(x + offset, shape_.input, batch);
  };

  const Columns<T> start = initial_state(shape_, batch, h0);
  std::vector<Step<T>> trace(static_cast<std::size_t>(steps));
  for (int t = 0; t < steps; ++t) {
    const auto i = static_cast<std::size_t>(t);
    forward<T>(shape_, p, input_at(t), t > 0 ? trace[i - 1].h : start, trace[i]);
  }
  const Columns<T>& last = steps > 0 ? trace.back().h : start;

  Columns<T> y;
  transposed_product<T>(p.vt, view(last), y);
  y.colwise() += p.b_y;
  const View<T> wanted(target, shape_.classes, batch);
  T loss = 0;
  if (shape_.head == Head::softmax) {
    for (int b = 0; b < batch; ++b) {
      const T top = y.col(b).maxCoeff();
      const T log_sum = top + std::log((y.col(b).array() - top).exp().sum());
      loss += ((log_sum - y.col(b).array()) * wanted.col(b).array()).sum();
    }
  } else {
    // max(y, 0) - y t + log(1 + exp(-|y|)): no overflow for any y.
    loss =
        (y.array().max(T(0)) - y.array() * wanted.array() + (T(1) + (-y.array().abs()).exp()).log())
            .sum();
  }
  to_probabilities(shape_.head, y);
  const Columns<T> dy = (y - wanted) / T(batch);
  add_product_transposed<T>(view(last), view(dy), g.vt);
  g.b_y = dy.rowwise().sum();

  const T zeta = sigmoid(*p.zeta);
  const T nu = sigmoid(*p.nu);
  T d_zeta = 0;
  T d_nu = 0;
  Columns<T> dh;
  product<T>(p.vt, view(dy), dh);
  Columns<T> dz;
  Columns<T> dc;
  Columns<T> small;
  for (int t = steps - 1; t >= 0; --t) {
    const auto i = static_cast<std::size_t>(t);
    const Step<T>& step = trace[i];
    const Columns<T>& before = t > 0 ? trace[i - 1].h : start;
    d_zeta += (dh.array() * (T(1) - step.z.array()) * step.c.array()).sum();
    d_nu += (dh.array() * step.c.array()).sum();
    dz = dh.array() * (before.array() - zeta * step.c.array());
    dc = dh.array() * (zeta * (T(1) - step.z.array()) + nu);
    multiply_derivative(shape_.gate, step.z, dz);
    multiply_derivative(shape_.update, step.c, dc);
    g.b_z += dz.rowwise().sum();
    g.b_h += dc.rowwise().sum();
    dz += dc;  // from here on the derivative of W x + U h
    dh.array() *= step.z.array();
    const auto input = input_at(t);
    if (shape_.w_rank > 0) {
      add_product_transposed<T>(view(step.wx), view(dz), g.wt);
      product<T>(p.wt, view(dz), small);
      add_product_transposed<T>(view(small), input, g.w2t);
    } else {
      add_product_transposed<T>(input, view(dz), g.wt);
    }
    if (shape_.u_rank > 0) {
      add_product_transposed<T>(view(step.uh), view(dz), g.ut);
      product<T>(p.ut, view(dz), small);
      add_product_transposed<T>(view(small), view(before), g.u2t);
      add_transposed_product<T>(p.u2t, view(small), target_of(dh));
    } else {
      add_product_transposed<T>(view(before), view(dz), g.ut);
      add_product<T>(p.ut, view(dz), target_of(dh));
    }
  }
  *g.zeta = d_zeta * zeta * (T(1) - zeta);
  *g.nu = d_nu * nu * (T(1) - nu);
  if (h0_gradient != nullptr) Target<T>(h0_gradient, shape_.hidden, batch) = dh;
  return loss / T(batch);
}

template class FastGrnn<float>;
template class FastGrnn<double>;

}  // namespace rv::routing
