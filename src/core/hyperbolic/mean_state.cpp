#include "core/hyperbolic/mean_state.h"

#include "core/base/error.h"

namespace rv::hyperbolic {

void MeanState::add(geometry::View point, double weight, double c) {
  if (c != c_)
    throw Error(ErrorCode::invalid_argument, "curvature must be the same in every row of a group");
  midpoint_.add(point, weight, c);
  if (keep_ == Keep::points) {
    points_.insert(points_.end(), point.begin(), point.end());
    weights_.push_back(weight);
  }
  ++rows_;
}

void MeanState::merge(const MeanState& other) {
  if (other.rows_ == 0) return;
  if (other.c_ != c_ || other.keep_ != keep_)
    throw Error(ErrorCode::invalid_argument, "curvature must be the same in every row of a group");
  midpoint_.merge(other.midpoint_);
  points_.insert(points_.end(), other.points_.begin(), other.points_.end());
  weights_.insert(weights_.end(), other.weights_.begin(), other.weights_.end());
  rows_ += other.rows_;
}

geometry::Mean MeanState::frechet(StopProbe stop) const {
  return geometry::frechet_mean(points_, points_.size() / weights_.size(), weights_, c_, stop);
}

std::vector<double> MeanState::numbers() const {
  const geometry::Point sums = midpoint_.state();
  std::vector<double> out{keep_ == Keep::points ? 1.0 : 0.0, c_, static_cast<double>(rows_),
                          static_cast<double>(sums.size())};
  out.insert(out.end(), sums.begin(), sums.end());
  if (keep_ == Keep::points) {
    out.insert(out.end(), weights_.begin(), weights_.end());
    out.insert(out.end(), points_.begin(), points_.end());
  }
  return out;
}

MeanState MeanState::from_numbers(std::span<const double> numbers) {
  const auto fail = [] { throw Error(ErrorCode::corrupted_data, "malformed aggregate state"); };
  if (numbers.size() < 4) fail();
  const bool points = numbers[0] != 0;
  MeanState state(points ? Keep::points : Keep::sums, numbers[1]);
  const double rows = numbers[2], sums = numbers[3];
  const auto left = static_cast<double>(numbers.size() - 4);
  if (!(rows >= 0 && sums >= 0 && sums <= left && (!points || rows <= left - sums))) fail();
  state.rows_ = static_cast<std::size_t>(rows);
  const auto s = static_cast<std::size_t>(sums);
  state.midpoint_ = geometry::Midpoint::from_state(numbers.subspan(4, s));
  if (points) {
    const auto rest = numbers.subspan(4 + s);
    state.weights_.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(state.rows_));
    state.points_.assign(rest.begin() + static_cast<std::ptrdiff_t>(state.rows_), rest.end());
    if (state.rows_ > 0 && state.points_.size() % state.rows_ != 0) fail();
  }
  return state;
}

}  // namespace rv::hyperbolic
