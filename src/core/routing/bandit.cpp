#include "core/routing/bandit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
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

namespace {

// The standard normal distribution and its density, between the points of a table.
class NormalTable {
 public:
  NormalTable() {
    for (int i = 0; i <= kSteps; ++i) {
      const double z = (i - kMiddle) * kStep;
      below_[static_cast<std::size_t>(i)] = 0.5 * std::erfc(-z / std::sqrt(2.0));
      density_[static_cast<std::size_t>(i)] = 0.3989422804014327 * std::exp(-z * z / 2);
    }
  }
  // z is clamped to +-6.
  void at(double z, double* below, double* density) const noexcept {
    const double place = (std::clamp(z, -5.999, 5.999) + kMiddle * kStep) / kStep;
    const auto i = static_cast<std::size_t>(place);
    const double part = place - static_cast<double>(i);
    *below = below_[i] + part * (below_[i + 1] - below_[i]);
    *density = density_[i] + part * (density_[i + 1] - density_[i]);
  }

 private:
  static constexpr int kSteps = 1200;
  static constexpr int kMiddle = kSteps / 2;
  static constexpr double kStep = 0.01;
  std::array<double, kSteps + 1> below_, density_;
};

// What is spread evenly, so that no propensity is 0.
constexpr double kEven = 0.001;

}  // namespace

std::vector<double> largest_probabilities(std::span<const double> means,
                                          std::span<const double> deviations) {
  static const NormalTable normal;
  constexpr int kPoints = 96;
  constexpr double kReach = 5;
  const std::size_t n = means.size();
  // The largest lies between these two.
  double low = -std::numeric_limits<double>::infinity();
  double high = low;
  for (std::size_t i = 0; i < n; ++i) {
    low = std::max(low, means[i] - kReach * deviations[i]);
    high = std::max(high, means[i] + kReach * deviations[i]);
  }
  const double step = std::max((high - low) / (kPoints - 7), 1e-9);
  low -= 3 * step;  // and so do the flanks of those that are seen wider than they are
  std::vector<double> share(n);
  std::vector<double> density(n);
  for (int k = 0; k < kPoints; ++k) {
    const double v = low + k * step;
    double all_below = 1;
    for (std::size_t i = 0; i < n; ++i) {
      // Narrower ones than the grid are seen as wide as its step.
      const double sd = std::max(deviations[i], step);
      double below = 0;
      double here = 0;
      normal.at((v - means[i]) / sd, &below, &here);
      all_below *= below;
      density[i] = here / (sd * below);
    }
    for (std::size_t i = 0; i < n; ++i) share[i] += density[i] * all_below;
  }
  double total = 0;
  for (const double s : share) total += s;
  for (double& s : share)
    s = (total > 0 ? (1 - kEven) * s / total : (1 - kEven) / static_cast<double>(n)) +
        kEven / static_cast<double>(n);
  return share;
}

std::vector<double> largest_bound_probabilities(std::span<const double> means,
                                                std::span<const double> deviations) {
  std::vector<double> share(means.size(), kEven / static_cast<double>(means.size()));
  std::size_t best = 0;
  for (std::size_t i = 1; i < means.size(); ++i)
    if (means[i] + deviations[i] > means[best] + deviations[best]) best = i;
  share[best] += 1 - kEven;
  return share;
}

}  // namespace rv::routing
