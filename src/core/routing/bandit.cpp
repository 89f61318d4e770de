#include "core/routing/bandit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rv::routing {

LinearArm::LinearArm(std::size_t dim)
    : dim_(dim + 1), inverse_((dim + 1) * (dim + 1)), right_(dim + 1), theta_(dim + 1) {
  for (std::size_t i = 0; i < dim_; ++i) inverse_[i * dim_ + i] = 1;
}

std::vector<double> LinearArm::times_inverse(std::span<const float> x) const {
  std::vector<double> out(dim_);
  for (std::size_t i = 0; i < dim_; ++i) {
    const double* row = inverse_.data() + i * dim_;
    double s = row[dim_ - 1];
    for (std::size_t j = 0; j + 1 < dim_; ++j) s += row[j] * static_cast<double>(x[j]);
    out[i] = s;
  }
  return out;
}

void LinearArm::add(std::span<const float> x, double reward) {
  const std::vector<double> ax = times_inverse(x);
  double xax = ax[dim_ - 1];
  for (std::size_t j = 0; j + 1 < dim_; ++j) xax += ax[j] * static_cast<double>(x[j]);
  const double scale = 1 / (1 + xax);
  for (std::size_t i = 0; i < dim_; ++i)
    for (std::size_t j = 0; j < dim_; ++j) inverse_[i * dim_ + j] -= scale * ax[i] * ax[j];
  for (std::size_t j = 0; j + 1 < dim_; ++j) right_[j] += reward * static_cast<double>(x[j]);
  right_[dim_ - 1] += reward;
  for (std::size_t i = 0; i < dim_; ++i) {
    double s = 0;
    for (std::size_t j = 0; j < dim_; ++j) s += inverse_[i * dim_ + j] * right_[j];
    theta_[i] = s;
  }
  ++outcomes_;
}

double LinearArm::mean(std::span<const float> x) const {
  double s = theta_[dim_ - 1];
  for (std::size_t j = 0; j + 1 < dim_; ++j) s += theta_[j] * static_cast<double>(x[j]);
  return s;
}

double LinearArm::variance(std::span<const float> x) const {
  const std::vector<double> ax = times_inverse(x);
  double s = ax[dim_ - 1];
  for (std::size_t j = 0; j + 1 < dim_; ++j) s += ax[j] * static_cast<double>(x[j]);
  return std::max(0.0, s);
}

double upper_bound(const LinearArm& arm, std::span<const float> x, double alpha) {
  return arm.mean(x) + alpha * std::sqrt(arm.variance(x));
}

double thompson_draw(const LinearArm& arm, std::span<const float> x, double nu, Rng& rng) {
  return arm.mean(x) + nu * std::sqrt(arm.variance(x)) * rng.normal();
}

std::vector<double> largest_probabilities(std::span<const double> means,
                                          std::span<const double> deviations, int draws, Rng& rng) {
  std::vector<double> share(means.size(), 0.5);
  for (int d = 0; d < draws; ++d) {
    std::size_t best = 0;
    double top = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < means.size(); ++i) {
      const double v = means[i] + deviations[i] * rng.normal();
      if (v > top) {
        top = v;
        best = i;
      }
    }
    share[best] += 1;
  }
  const double total = draws + 0.5 * static_cast<double>(means.size());
  for (double& s : share) s /= total;
  return share;
}

}  // namespace rv::routing
