// What indexes compare instead of geodesic distances, at curvature -1: sinh^2(d / 2), which grows
// with d and needs neither logarithm nor root. The operators <~> and <&> are asinh and sqrt of the
// very same numbers, so the order is theirs.
#pragma once

#include <cstddef>

namespace rv::geometry {

double poincare_surrogate(const float* x, const float* y, std::size_t n);
double lorentz_surrogate(const float* x, const float* y, std::size_t n);

// (1 - |p|^2, p) in float32, computed in float64, of a point of the ball (n numbers to n + 1) and
// of one of the Lorentz model (n to n). 22023 when it is none.
void ball_code(const float* x, std::size_t n, float* out);
void lorentz_code(const float* x, std::size_t n, float* out);

}  // namespace rv::geometry
