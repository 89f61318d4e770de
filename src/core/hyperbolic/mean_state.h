// State of the aggregates over points of hyperbolic space.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/stop.h"
#include "core/geometry/mean.h"

namespace rv::hyperbolic {

enum class Keep { sums, points };  // the midpoint needs sums only, the Frechet mean every point

class MeanState {
 public:
  explicit MeanState(Keep keep, double c) : keep_(keep), c_(c) {}

  double c() const noexcept { return c_; }
  std::size_t rows() const noexcept { return rows_; }
  std::size_t bytes() const noexcept { return 8 * (points_.capacity() + weights_.capacity()); }
  // A point of the ball with its weight; c must be the one of the first row (22023).
  void add(geometry::View point, double weight, double c);
  void merge(const MeanState& other);
  geometry::Point midpoint() const { return midpoint_.result(c_); }
  geometry::Mean frechet(StopProbe stop) const;

  std::vector<double> numbers() const;  // for parallel workers
  static MeanState from_numbers(std::span<const double> numbers);

 private:
  Keep keep_;
  double c_;
  std::size_t rows_ = 0;
  geometry::Midpoint midpoint_;
  std::vector<double> points_, weights_;
};

}  // namespace rv::hyperbolic
