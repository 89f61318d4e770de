// Hyperbolic space in the Poincare ball and the Klein ball, in float64.
//
// Curvature is -c with c > 0. Points of the ball satisfy c |x|^2 < 1; functions that need it check
// it (22023 names the norm and the radius). Formulas: Ganea, Becigneul, Hofmann 2018
// (arXiv:1805.09112); Ungar, "A Gyrovector Space Approach to Hyperbolic Geometry"; Ganea et al.
// 2018 (arXiv:1804.01882) for the cones. Distances use asinh of a difference, never acosh of 1 +
// something, so that they keep their digits both for near points and near the boundary.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rv::geometry {

using View = std::span<const double>;
using Point = std::vector<double>;

void check_same_dim(View a, View b);  // 22000

// -curvature; 22023 unless the curvature is finite and negative.
double positive_c(double curvature);

double dot(View a, View b) noexcept;
// 1 - c |x|^2, positive; 22023 when x lies on or outside the ball. `what` names the model.
double check_in_ball(View x, double c, const char* what = "Poincare");
// As check_in_ball for float32 coordinates, without a copy.
double check_in_ball(const float* x, std::size_t n, double c, const char* what = "Poincare");

double poincare_distance(View x, View y, double c);
double poincare_distance(const float* x, const float* y, std::size_t n, double c);
double klein_distance(View x, View y, double c);

Point mobius_add(View x, View y, double c);
Point mobius_sub(View x, View y, double c);  // x (+) (-y)
Point mobius_scalar_mul(double r, View x, double c);
// `matrix` is row-major with x.size() columns; any number of rows.
Point mobius_matvec(View matrix, View x, double c);
Point gyration(View u, View v, View w, double c);  // gyr[u, v] w; w need not lie in the ball

double conformal_factor(View x, double c);  // 2 / (1 - c |x|^2)
Point exp_map_origin(View v, double c);
Point log_map_origin(View y, double c);
Point exp_map(View x, View v, double c);
Point log_map(View x, View y, double c);
Point parallel_transport(View v, View from, View to, double c);
Point geodesic(View x, View y, double t, double c);  // t = 0: x, t = 1: y; other t extrapolate

// x, or its multiple of norm (1 - eps) / sqrt(c) when it is longer than that.
Point project_to_ball(View x, double c, double eps);

Point poincare_to_klein(View x, double c);
Point klein_to_poincare(View x, double c);

// Busemann function of the ideal point xi (normalised here; 22023 when zero): the distance to
// infinity in that direction, zero at the origin, negative towards xi.
double busemann(View x, View xi, double c);
// Entailment cones: half aperture at x (pi / 2 where K (1 - c|x|^2) >= sqrt(c) |x|: near the origin
// everything is entailed), and the angle at x between the cone's axis and y.
double entailment_half_aperture(View x, double k, double c);
double entailment_angle(View x, View y, double c);

}  // namespace rv::geometry
