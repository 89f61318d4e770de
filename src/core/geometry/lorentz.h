// Hyperbolic space as the upper sheet of the hyperboloid <x, x>_L = -1/c (Lorentz model), float64.
// A point has n + 1 coordinates, the time-like one first; it is determined by the other n, its
// "space". Nickel, Kiela 2018 (arXiv:1806.03417); Law et al. 2019.
#pragma once

#include <cstddef>

#include "core/geometry/poincare.h"

namespace rv::geometry {

double minkowski_dot(View x, View y) noexcept;  // -x0 y0 + x1 y1 + ... + xn yn

Point lorentz_lift(View space, double c);  // (sqrt(1/c + |space|^2), space)
// x with its first coordinate made exact; 22023 when it is not on the hyperboloid within
// `tolerance` (relative to x0^2). Stored float32 points are off by rounding, which this takes out.
Point lorentz_point(View x, double c, double tolerance = 1e-3);

// From the n space-like coordinates alone, without cancellation.
double lorentz_distance_of_spaces(View x, View y, double c);
double lorentz_distance(View x, View y, double c);
// The same for float32 points (n coordinates in all), without a copy.
double lorentz_distance(const float* x, const float* y, std::size_t n, double c);

Point lorentz_project_tangent(View x, View u, double c);  // u + c <x, u>_L x
Point lorentz_exp_map(View x, View v, double c);  // v is projected to the tangent space first
Point lorentz_log_map(View x, View y, double c);
Point lorentz_parallel_transport(View v, View from, View to, double c);

Point lorentz_to_poincare(View x, double c);
Point poincare_to_lorentz(View x, double c);
Point lorentz_to_klein(View x, double c);
Point klein_to_lorentz(View x, double c);

}  // namespace rv::geometry
