#include "core/geometry/lorentz.h"

#include <cmath>
#include <cstdio>
#include <string>

#include "core/base/error.h"
#include "core/geometry/surrogate.h"

namespace rv::geometry {
namespace {

View space_of(View x) noexcept { return x.subspan(1); }

void check_size(std::size_t n) {
  if (n < 2)
    throw Error(
        ErrorCode::data_exception,
        "a point of the Lorentz model has at least 2 coordinates, not " + std::to_string(n));
}

void check_on_sheet(double x0, double exact, double tolerance) {
  if (x0 > 0 && std::fabs(x0 * x0 - exact * exact) <= tolerance * exact * exact) return;
  char message[160];
  std::snprintf(message, sizeof message,
                "point is not on the hyperboloid: its first coordinate is %.9g, not %.9g", x0,
                exact);
  throw Error(ErrorCode::invalid_argument, message, {},
              "Use ruvector_lorentz_lift() or ruvector_poincare_to_lorentz() to make points.");
}

// sinh^2(sqrt(c) d / 2) = c <x - y, x - y>_L / 4; the time-like part of the difference comes from
// the difference of squares.
double surrogate_of_sums(double dd, double ds, double x0, double y0, double c) {
  const double time = ds / (x0 + y0);
  return c * std::fmax(0, dd - time * time) / 4;
}

double distance_of_surrogate(double s, double c) {
  return 2 / std::sqrt(c) * std::asinh(std::sqrt(s));
}

Point combination(double a, View x, double b, View y) {
  Point out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = a * x[i] + b * y[i];
  return out;
}

// x / sinh(x) with its limit.
double over_sinh(double x) { return std::fabs(x) < 1e-8 ? 1.0 : x / std::sinh(x); }

}  // namespace

double minkowski_dot(View x, View y) noexcept {
  return dot(space_of(x), space_of(y)) - x[0] * y[0];
}

Point lorentz_lift(View space, double c) {
  Point out;
  out.reserve(space.size() + 1);
  out.push_back(std::sqrt(1 / c + dot(space, space)));
  out.insert(out.end(), space.begin(), space.end());
  return out;
}

Point lorentz_point(View x, double c, double tolerance) {
  check_size(x.size());
  Point out = lorentz_lift(space_of(x), c);
  check_on_sheet(x[0], out[0], tolerance);
  return out;
}

double lorentz_distance_of_spaces(View x, View y, double c) {
  check_same_dim(x, y);
  double xx = 0, yy = 0, dd = 0, ds = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = x[i] - y[i];
    xx += x[i] * x[i];
    yy += y[i] * y[i];
    dd += d * d;
    ds += d * (x[i] + y[i]);
  }
  return distance_of_surrogate(
      surrogate_of_sums(dd, ds, std::sqrt(1 / c + xx), std::sqrt(1 / c + yy), c), c);
}

double lorentz_distance(View x, View y, double c) {
  const Point a = lorentz_point(x, c), b = lorentz_point(y, c);
  return lorentz_distance_of_spaces(space_of(a), space_of(b), c);
}

namespace {

double sheet_surrogate(const float* x, const float* y, std::size_t n, double c) {
  check_size(n);
  double xx = 0, yy = 0, dd = 0, ds = 0;
  for (std::size_t i = 1; i < n; ++i) {
    const double a = x[i], b = y[i], d = a - b;
    xx += a * a;
    yy += b * b;
    dd += d * d;
    ds += d * (a + b);
  }
  const double x0 = std::sqrt(1 / c + xx), y0 = std::sqrt(1 / c + yy);
  check_on_sheet(x[0], x0, 1e-3);
  check_on_sheet(y[0], y0, 1e-3);
  return surrogate_of_sums(dd, ds, x0, y0, c);
}

}  // namespace

double lorentz_distance(const float* x, const float* y, std::size_t n, double c) {
  return distance_of_surrogate(sheet_surrogate(x, y, n, c), c);
}

double lorentz_surrogate(const float* x, const float* y, std::size_t n) {
  return sheet_surrogate(x, y, n, 1);
}

void lorentz_code(const float* x, std::size_t n, float* out) {
  check_size(n);
  double ss = 0;
  for (std::size_t i = 1; i < n; ++i) ss += double{x[i]} * double{x[i]};
  const double x0 = std::sqrt(1 + ss);
  check_on_sheet(x[0], x0, 1e-3);
  // p = space / (1 + x0), and 1 - |p|^2 = 2 / (1 + x0).
  out[0] = static_cast<float>(2 / (1 + x0));
  for (std::size_t i = 1; i < n; ++i) out[i] = static_cast<float>(double{x[i]} / (1 + x0));
}

Point lorentz_project_tangent(View x, View u, double c) {
  check_same_dim(x, u);
  return combination(1, u, c * minkowski_dot(x, u), x);
}

Point lorentz_exp_map(View x, View v, double c) {
  const Point from = lorentz_point(x, c);
  const Point tangent = lorentz_project_tangent(from, v, c);
  const double length = std::sqrt(c * std::fmax(0, minkowski_dot(tangent, tangent)));
  const double factor = length < 1e-8 ? 1.0 : std::sinh(length) / length;
  const Point out = combination(std::cosh(length), from, factor, tangent);
  return lorentz_lift(space_of(out), c);  // back onto the sheet exactly
}

Point lorentz_log_map(View x, View y, double c) {
  check_same_dim(x, y);
  const Point from = lorentz_point(x, c), to = lorentz_point(y, c);
  const double d = std::sqrt(c) * lorentz_distance_of_spaces(space_of(from), space_of(to), c);
  const double factor = over_sinh(d);
  return combination(factor, to, factor * c * minkowski_dot(from, to), from);
}

Point lorentz_parallel_transport(View v, View from, View to, double c) {
  check_same_dim(v, from);
  check_same_dim(from, to);
  const Point x = lorentz_point(from, c), y = lorentz_point(to, c);
  const Point tangent = lorentz_project_tangent(x, v, c);
  const double factor = c * minkowski_dot(y, tangent) / (1 - c * minkowski_dot(x, y));
  return combination(1, tangent, factor, combination(1, x, 1, y));
}

Point lorentz_to_poincare(View x, double c) {
  const Point p = lorentz_point(x, c);
  Point out(p.begin() + 1, p.end());
  for (double& v : out) v /= 1 + std::sqrt(c) * p[0];
  return out;
}

Point poincare_to_lorentz(View x, double c) {
  const double rest = check_in_ball(x, c);
  Point out;
  out.reserve(x.size() + 1);
  out.push_back((1 + c * dot(x, x)) / (rest * std::sqrt(c)));
  for (const double v : x) out.push_back(2 * v / rest);
  return out;
}

Point lorentz_to_klein(View x, double c) {
  const Point p = lorentz_point(x, c);
  Point out(p.begin() + 1, p.end());
  for (double& v : out) v /= std::sqrt(c) * p[0];
  return out;
}

Point klein_to_lorentz(View x, double c) {
  const double gamma = 1 / std::sqrt(check_in_ball(x, c, "Klein"));
  Point space(x.begin(), x.end());
  for (double& v : space) v *= gamma;
  return lorentz_lift(space, c);
}

}  // namespace rv::geometry
