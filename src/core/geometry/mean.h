// Means of weighted points of the Poincare ball.
#pragma once

#include <cstddef>

#include "core/base/stop.h"
#include "core/geometry/poincare.h"

namespace rv::geometry {

// The Einstein midpoint, seen in the ball (Moebius gyromidpoint):
//   1/2 (x) sum w l p / sum w (l - 1),  l = 2 / (1 - c |p|^2).
// The same point as the normalised weighted sum on the hyperboloid (Lorentz centroid), so both
// names are computed here. Ungar; Gulcehre et al. 2019 (arXiv:1805.09786); Law et al. 2019.
// A running sum: points can be added in any order and partial sums merged.
class Midpoint {
 public:
  void add(View p, double weight, double c);
  void add(const float* p, std::size_t n, double weight, double c);
  void merge(const Midpoint& other);
  bool empty() const noexcept { return sum_.empty(); }
  double weight() const noexcept { return weight_; }  // sum w (l - 1)
  // 22023 when the weights do not sum to something positive.
  Point result(double c) const;
  // The state as numbers: weight, then the sums.
  Point state() const;
  static Midpoint from_state(View state);

 private:
  Point sum_;
  double weight_ = 0;
};

// argmin of sum w d(m, p)^2 by Riemannian gradient descent with step 1/L, L the largest eigenvalue
// of the Hessian. Points are rows of `points` (row-major, n columns); empty `weights` means 1 each.
// Stops when the step is below 1e-13 or `stop` says so (then `finished` is false).
struct Mean {
  Point point;
  bool finished;
};
Mean frechet_mean(View points, std::size_t n, View weights, double c, StopProbe stop);

}  // namespace rv::geometry
