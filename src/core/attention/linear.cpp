// Linear attention: phi(Q) (phi(K)^T V), never forming the n x n matrix.
#include <algorithm>
#include <cmath>

#include "core/attention/kernels.h"
#include "core/base/error.h"
#include "core/base/rng.h"

namespace rv::attention {
namespace {

// out_i = phi(q_i) S / (phi(q_i) . z) with S = sum phi(k_j)^T v_j, z = sum phi(k_j); causal: sums
// over j <= i. Denominators below eps are raised to it.
Evaluated from_features(const Call& call, const Matrix& fq, const Matrix& fk, double eps) {
  const Matrix& v = call.in.v;
  Evaluated result;
  result.output = Matrix(fq.rows, v.cols);
  Matrix sums(fk.cols, v.cols);
  std::vector<double> z(fk.cols, 0.0);
  std::size_t added = 0;
  const auto add_until = [&](std::size_t end) {
    for (; added < std::min(end, fk.rows); ++added) {
      if (added % 256 == 0) call.poll();
      for (std::size_t f = 0; f < fk.cols; ++f) {
        add_scaled(sums.row(f), fk.at(added, f), v.row(added), v.cols);
        z[f] += fk.at(added, f);
      }
    }
  };
  if (!call.causal) add_until(fk.rows);
  for (std::size_t i = 0; i < fq.rows; ++i) {
    if (call.causal)
      add_until(static_cast<std::size_t>(std::max(0L, static_cast<long>(i) + call.offset + 1)));
    if (i % 256 == 0) call.poll();
    const double denominator = std::max(eps, dot(fq.row(i), z.data(), z.size()));
    if (denominator == 0) continue;
    for (std::size_t f = 0; f < fk.cols; ++f)
      add_scaled(result.output.row(i), fq.at(i, f) / denominator, sums.row(f), v.cols);
  }
  return result;
}

template <class F>
Matrix mapped(Matrix x, F f) {
  for (double& value : x.data) value = f(value);
  return x;
}

// Gaussian rows, orthogonal in blocks of d, with the norms of independent Gaussians.
Matrix orthogonal_features(std::size_t m, std::size_t d, std::uint64_t seed) {
  Rng rng(seed);
  Matrix w(m, d);
  for (double& x : w.data) x = rng.normal();
  for (std::size_t r = 0; r < m; ++r) {
    const double norm = std::sqrt(dot(w.row(r), w.row(r), d));
    for (std::size_t p = r - r % d; p < r; ++p) {
      const double along = dot(w.row(r), w.row(p), d) / dot(w.row(p), w.row(p), d);
      add_scaled(w.row(r), -along, w.row(p), d);
    }
    const double rest = std::sqrt(dot(w.row(r), w.row(r), d));
    for (std::size_t t = 0; t < d && rest > 1e-12; ++t) w.at(r, t) *= norm / rest;
  }
  return w;
}

Matrix projection(const Call& call, bool orthogonal) {
  const std::size_t d = call.in.q.cols;
  if (call.params.has("projection")) return call.params.need_matrix("projection", 0, d);
  const std::size_t m = call.params.count("num_features", 256);
  const std::uint64_t seed = call.params.count("seed", 0, 0);
  if (orthogonal) return orthogonal_features(m, d, seed);
  Rng rng(seed);
  Matrix w(m, d);
  for (double& x : w.data) x = rng.normal();
  return w;
}

Matrix positive_features(Matrix x, const Matrix& w) {
  const double scale = std::pow(static_cast<double>(x.cols), -0.25);
  for (double& value : x.data) value *= scale;
  Matrix f = multiply_transposed(x, w);
  const double root = std::sqrt(static_cast<double>(w.rows));
  for (std::size_t i = 0; i < f.rows; ++i) {
    const double half = dot(x.row(i), x.row(i), x.cols) / 2;
    for (std::size_t j = 0; j < f.cols; ++j) f.at(i, j) = std::exp(f.at(i, j) - half) / root;
  }
  return f;
}

Matrix fourier_features(Matrix x, const Matrix& w, double input_scale) {
  normalize_rows(x);
  for (double& value : x.data) value *= input_scale;
  const Matrix p = multiply_transposed(x, w);
  Matrix f(x.rows, 2 * w.rows);
  const double root = std::sqrt(static_cast<double>(w.rows));
  for (std::size_t i = 0; i < p.rows; ++i)
    for (std::size_t j = 0; j < p.cols; ++j) {
      f.at(i, j) = std::sin(p.at(i, j)) / root;
      f.at(i, p.cols + j) = std::cos(p.at(i, j)) / root;
    }
  return f;
}

}  // namespace

Evaluated linear(const Call& call) {
  const std::string map = call.params.word("feature_map", "elu+1");
  const auto elu = [](double x) { return x > 0 ? x + 1 : std::exp(x); };
  const auto relu = [](double x) { return std::max(0.0, x); };
  const bool is_relu = map == "relu";
  if (!is_relu && map != "elu+1")
    throw Error(ErrorCode::invalid_argument, "unknown feature map \"" + map + "\"", {},
                "Feature maps are elu+1 and relu.");
  const double eps = call.params.number("eps", 1e-6);
  return is_relu ? from_features(call, mapped(call.in.q, relu), mapped(call.in.k, relu), eps)
                 : from_features(call, mapped(call.in.q, elu), mapped(call.in.k, elu), eps);
}

Evaluated performer(const Call& call) {
  const Matrix w = projection(call, true);
  return from_features(call, positive_features(call.in.q, w), positive_features(call.in.k, w), 0);
}

Evaluated random_feature(const Call& call) {
  const Matrix w = projection(call, false);
  const double scale = call.params.positive("input_scale", 0.5);
  return from_features(call, fourier_features(call.in.q, w, scale),
                       fourier_features(call.in.k, w, scale), 1e-6);
}

// cos(a - b) = cos a cos b + sin a sin b makes the position factor a feature map.
Evaluated cosformer(const Call& call) {
  const double m =
      call.params.positive("M", static_cast<double>(std::max(call.in.q.rows, call.in.k.rows)));
  const auto features = [m](const Matrix& x, long offset) {
    Matrix f(x.rows, 2 * x.cols);
    for (std::size_t i = 0; i < x.rows; ++i) {
      const double angle = std::acos(0.0) * static_cast<double>(static_cast<long>(i) + offset) / m;
      for (std::size_t j = 0; j < x.cols; ++j) {
        const double r = std::max(0.0, x.at(i, j));
        f.at(i, j) = r * std::cos(angle);
        f.at(i, x.cols + j) = r * std::sin(angle);
      }
    }
    return f;
  };
  return from_features(call, features(call.in.q, call.offset), features(call.in.k, 0),
                       call.params.positive("eps", 1e-6));
}

Evaluated efficient(const Call& call) {
  Matrix q = call.in.q, k = transposed(call.in.k);
  for (std::size_t i = 0; i < q.rows; ++i) softmax(q.row(i), q.cols);
  for (std::size_t i = 0; i < k.rows; ++i) softmax(k.row(i), k.cols);
  Evaluated result;
  result.output = multiply(q, multiply(k, call.in.v));
  return result;
}

}  // namespace rv::attention
