// Ways from Euclidean vectors into hyperbolic space, and scores of hierarchies.
#pragma once

#include <string_view>

#include "core/geometry/poincare.h"

namespace rv::hyperbolic {

using geometry::Point;
using geometry::View;

enum class Model { poincare, lorentz, klein };
Model model_of(std::string_view name);  // 22023 with the list as hint

double distance(Model model, View a, View b, double c);

// A point of the model from any vector. poincare, klein: scaled into the ball when outside
// ((1 - eps) / sqrt(c)); lorentz: lifted, one coordinate more.
Point project(Model model, View v, double c, double eps);

// A point of the ball from any vector:
//   scale        v / (sqrt(c) (1 + |v|))        keeps directions and the order of norms
//   exponential  exp_0(v)                       v read as a tangent vector at the origin
//   centroid     exp_0(v - centroid)            the same around a centre, which must be given
// Results stay at least eps inside the ball.
Point to_poincare(View v, double c, std::string_view method, View centroid, double eps);

// Score of "child is a parent" in a trained embedding: -(1 + alpha max(0, |parent| - |child|))
// d(child, parent); the larger the more plausible. After Nickel, Kiela 2017 (arXiv:1705.08039), eq.
// 7, whose term is not bounded below and so prefers far ancestors to near ones.
double is_a_score(View child, View parent, double alpha, double c);

}  // namespace rv::hyperbolic
