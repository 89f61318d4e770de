// Linear contextual bandits, one ridge regression an agent, updated one outcome at a time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/rng.h"

namespace rv::routing {

// An agent's posterior over its weights: mean A^-1 b, covariance A^-1 with
// A = I + sum x x^T. A^-1 is kept by the Sherman-Morrison formula.
class LinearArm {
 public:
  // `dim` inputs; a constant is added.
  explicit LinearArm(std::size_t dim);
  void add(std::span<const float> x, double reward);
  // x^T theta, and x^T A^-1 x: the variance of the mean in units of the noise's.
  double mean(std::span<const float> x) const;
  double variance(std::span<const float> x) const;
  std::size_t outcomes() const noexcept { return outcomes_; }

 private:
  std::vector<double> times_inverse(std::span<const float> x) const;
  std::size_t dim_;
  std::size_t outcomes_ = 0;
  std::vector<double> inverse_;  // (dim + 1)^2, symmetric
  std::vector<double> right_;
  std::vector<double> theta_;
};

// LinUCB (Li et al., WWW 2010): mean + alpha * sqrt(variance).
double upper_bound(const LinearArm& arm, std::span<const float> x, double alpha);
// Linear Thompson sampling (Agrawal and Goyal, ICML 2013): one draw of x^T theta, which is normal
// with deviation nu * sqrt(variance).
double thompson_draw(const LinearArm& arm, std::span<const float> x, double nu, Rng& rng);

// The probability with which each of several independent normals is the largest: with which
// Thompson sampling chooses it. By quadrature, so the same for the same agents; they sum to 1, and
// none is 0 (a thousandth is spread evenly), for off-policy estimates divide by them.
std::vector<double> largest_probabilities(std::span<const double> means,
                                          std::span<const double> deviations);
// The same of choosing by the largest mean + deviation, as LinUCB does.
std::vector<double> largest_bound_probabilities(std::span<const double> means,
                                                std::span<const double> deviations);

}  // namespace rv::routing
