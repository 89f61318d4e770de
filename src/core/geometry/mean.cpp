#include "core/geometry/mean.h"

#include <cmath>
#include <cstddef>
#include <string>

#include "core/base/error.h"

namespace rv::geometry {
namespace {

void check_weight(double w) {
  if (!(w >= 0) || !std::isfinite(w))
    throw Error(ErrorCode::invalid_argument,
                "weight must be finite and not negative, not " + std::to_string(w));
}

}  // namespace

void Midpoint::add(View p, double weight, double c) {
  check_weight(weight);
  const double lambda = 2 / check_in_ball(p, c);
  if (sum_.empty()) sum_.assign(p.size(), 0.0);
  if (sum_.size() != p.size())
    throw Error(ErrorCode::data_exception, "expected " + std::to_string(sum_.size()) +
                                               " dimensions, not " + std::to_string(p.size()));
  for (std::size_t i = 0; i < p.size(); ++i) sum_[i] += weight * lambda * p[i];
  weight_ += weight * (lambda - 1);
}

void Midpoint::add(const float* p, std::size_t n, double weight, double c) {
  const Point copy(p, p + n);
  add(copy, weight, c);
}

void Midpoint::merge(const Midpoint& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  if (sum_.size() != other.sum_.size())
    throw Error(ErrorCode::data_exception, "expected " + std::to_string(sum_.size()) +
                                               " dimensions, not " +
                                               std::to_string(other.sum_.size()));
  for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += other.sum_[i];
  weight_ += other.weight_;
}

Point Midpoint::result(double c) const {
  if (!(weight_ > 0)) throw Error(ErrorCode::invalid_argument, "the weights sum to zero");
  Point mean = sum_;
  for (double& v : mean) v /= weight_;
  // 1/2 (x) m = m / (1 + sqrt(1 - c |m|^2)); rounding may push a mean of one far point outside.
  const double rest = std::fmax(0, 1 - c * dot(mean, mean));
  for (double& v : mean) v /= 1 + std::sqrt(rest);
  return mean;
}

Point Midpoint::state() const {
  Point out{weight_};
  out.insert(out.end(), sum_.begin(), sum_.end());
  return out;
}

Midpoint Midpoint::from_state(View state) {
  Midpoint m;
  if (state.empty()) return m;
  m.weight_ = state[0];
  m.sum_.assign(state.begin() + 1, state.end());
  return m;
}

Mean frechet_mean(View points, std::size_t n, View weights, double c, StopProbe stop) {
  const std::size_t rows = points.size() / n;
  double total = 0;
  Midpoint start;
  for (std::size_t r = 0; r < rows; ++r) {
    const double w = weights.empty() ? 1.0 : weights[r];
    start.add(points.subspan(r * n, n), w, c);
    total += w;
  }
  Point mean = start.result(c);
  const double root = std::sqrt(c);
  for (int iteration = 0; iteration < 20000; ++iteration) {
    Point step(n, 0.0);
    double curvature = 0;  // sum w d coth d: bounds the Hessian
    for (std::size_t r = 0; r < rows; ++r) {
      if (r % 256 == 0 && stop()) return {mean, false};
      const View p = points.subspan(r * n, n);
      const double w = (weights.empty() ? 1.0 : weights[r]) / total;
      const Point direction = log_map(mean, p, c);
      for (std::size_t i = 0; i < n; ++i) step[i] += w * direction[i];
      const double d = root * poincare_distance(mean, p, c);
      curvature += w * (d < 1e-6 ? 1.0 : d / std::tanh(d));
    }
    for (double& v : step) v /= curvature;
    const double length = std::sqrt(dot(step, step)) * conformal_factor(mean, c);
    mean = exp_map(mean, step, c);
    if (length * root < 1e-13) break;
  }
  return {mean, true};
}

}  // namespace rv::geometry
