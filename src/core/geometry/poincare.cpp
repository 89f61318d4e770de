#include "core/geometry/poincare.h"

#include <cmath>
#include <cstdio>
#include <numbers>
#include <string>

#include "core/base/error.h"
#include "core/geometry/lorentz.h"
#include "core/geometry/surrogate.h"
#include "core/types/dense.h"

namespace rv::geometry {
namespace {

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

Point scaled(View x, double factor) {
  Point out(x.begin(), x.end());
  for (double& v : out) v *= factor;
  return out;
}

[[noreturn]] void fail_outside(double norm_squared, double c, const char* what) {
  throw Error(ErrorCode::invalid_argument,
              std::string("point of norm ") + number(std::sqrt(norm_squared)) +
                  " is not inside the " + what + " ball of radius " + number(1 / std::sqrt(c)),
              {}, "Use ruvector_poincare_project() or ruvector_to_poincare() first.");
}

// artanh(sqrt(c) |x|) from the squared norm: 1 - r is taken from 1 - r^2, which is exact near 1.
double artanh_norm(double norm_squared, double c) {
  const double r2 = c * norm_squared, r = std::sqrt(r2);
  return r < 0.5 ? std::atanh(r) : 0.5 * std::log((1 + r) * (1 + r) / (1 - r2));
}

double squared_difference(View x, View y) noexcept {
  double s = 0;
  for (std::size_t i = 0; i < x.size(); ++i) s += (x[i] - y[i]) * (x[i] - y[i]);
  return s;
}

// tanh(a) / (sqrt(c) |v|) * v, with its limit for v = 0.
Point along(View v, double a, double c) {
  const double norm = std::sqrt(dot(v, v));
  if (norm == 0) return Point(v.begin(), v.end());
  return scaled(v, std::tanh(a) / (std::sqrt(c) * norm));
}

}  // namespace

void check_same_dim(View a, View b) {
  rv::check_same_dim(static_cast<int>(a.size()), static_cast<int>(b.size()), Vector::kName);
}

double positive_c(double curvature) {
  if (!(curvature < 0) || !std::isfinite(curvature))
    throw Error(ErrorCode::invalid_argument, "curvature must be negative, not " + number(curvature),
                {}, "Hyperbolic space of curvature -1 is the default.");
  return -curvature;
}

double dot(View a, View b) noexcept {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}

double check_in_ball(View x, double c, const char* what) {
  const double n = dot(x, x), rest = 1 - c * n;
  if (!(rest > 0)) fail_outside(n, c, what);
  return rest;
}

double check_in_ball(const float* x, std::size_t n, double c, const char* what) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += double{x[i]} * double{x[i]};
  const double rest = 1 - c * s;
  if (!(rest > 0)) fail_outside(s, c, what);
  return rest;
}

double poincare_distance(View x, View y, double c) {
  check_same_dim(x, y);
  const double rest = check_in_ball(x, c) * check_in_ball(y, c);
  const double root = std::sqrt(c);
  return 2 / root * std::asinh(std::sqrt(c * squared_difference(x, y) / rest));
}

namespace {

double ball_surrogate(const float* x, const float* y, std::size_t n, double c) {
  double xx = 0, yy = 0, dd = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double a = x[i], b = y[i], d = a - b;
    xx += a * a;
    yy += b * b;
    dd += d * d;
  }
  const double rest_x = 1 - c * xx, rest_y = 1 - c * yy;
  if (!(rest_x > 0)) fail_outside(xx, c, "Poincare");
  if (!(rest_y > 0)) fail_outside(yy, c, "Poincare");
  return c * dd / (rest_x * rest_y);
}

}  // namespace

double poincare_distance(const float* x, const float* y, std::size_t n, double c) {
  return 2 / std::sqrt(c) * std::asinh(std::sqrt(ball_surrogate(x, y, n, c)));
}

double poincare_surrogate(const float* x, const float* y, std::size_t n) {
  return ball_surrogate(x, y, n, 1);
}

void ball_code(const float* x, std::size_t n, float* out) {
  out[0] = static_cast<float>(check_in_ball(x, n, 1));
  for (std::size_t i = 0; i < n; ++i) out[i + 1] = x[i];
}

double klein_distance(View x, View y, double c) {
  check_same_dim(x, y);
  const double gx = 1 / std::sqrt(check_in_ball(x, c, "Klein"));
  const double gy = 1 / std::sqrt(check_in_ball(y, c, "Klein"));
  return lorentz_distance_of_spaces(scaled(x, gx), scaled(y, gy), c);
}

Point mobius_add(View x, View y, double c) {
  check_same_dim(x, y);
  const double rest_x = check_in_ball(x, c);
  check_in_ball(y, c);
  const double xy = dot(x, y), xx = dot(x, x), yy = dot(y, y);
  const double of_x = 1 + 2 * c * xy + c * yy;
  const double denominator = 1 + 2 * c * xy + c * c * xx * yy;
  Point out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = (of_x * x[i] + rest_x * y[i]) / denominator;
  return out;
}

Point mobius_sub(View x, View y, double c) { return mobius_add(x, scaled(y, -1), c); }

Point mobius_scalar_mul(double r, View x, double c) {
  check_in_ball(x, c);
  return along(x, r * artanh_norm(dot(x, x), c), c);
}

Point mobius_matvec(View matrix, View x, double c) {
  check_in_ball(x, c);
  const std::size_t n = x.size();
  if (n == 0 || matrix.size() % n != 0)
    throw Error(ErrorCode::data_exception,
                "matrix does not have " + std::to_string(n) + " columns");
  Point product(matrix.size() / n);
  for (std::size_t r = 0; r < product.size(); ++r) product[r] = dot(matrix.subspan(r * n, n), x);
  const double norm_x = std::sqrt(dot(x, x));
  if (norm_x == 0) return Point(product.size(), 0.0);
  const double ratio = std::sqrt(dot(product, product)) / norm_x;
  return along(product, ratio * artanh_norm(dot(x, x), c), c);
}

Point gyration(View u, View v, View w, double c) {
  check_same_dim(u, v);
  check_same_dim(u, w);
  check_in_ball(u, c);
  check_in_ball(v, c);
  const double uu = dot(u, u), vv = dot(v, v), uv = dot(u, v), uw = dot(u, w), vw = dot(v, w);
  const double a = -c * c * uw * vv + c * vw + 2 * c * c * uv * vw;
  const double b = -c * c * vw * uu - c * uw;
  const double d = 1 + 2 * c * uv + c * c * uu * vv;
  Point out(w.begin(), w.end());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += 2 * (a * u[i] + b * v[i]) / d;
  return out;
}

double conformal_factor(View x, double c) { return 2 / check_in_ball(x, c); }

Point exp_map_origin(View v, double c) { return along(v, std::sqrt(c * dot(v, v)), c); }

Point log_map_origin(View y, double c) {
  check_in_ball(y, c);
  const double n = dot(y, y);
  if (n == 0) return Point(y.begin(), y.end());
  return scaled(y, artanh_norm(n, c) / std::sqrt(c * n));
}

Point exp_map(View x, View v, double c) {
  check_same_dim(x, v);
  const double half_lambda = 1 / check_in_ball(x, c);
  return mobius_add(x, along(v, std::sqrt(c * dot(v, v)) * half_lambda, c), c);
}

Point log_map(View x, View y, double c) {
  check_same_dim(x, y);
  const double rest = check_in_ball(x, c);
  Point u = mobius_add(scaled(x, -1), y, c);
  const double n = dot(u, u);
  if (n == 0) return u;
  // artanh(sqrt(c) |u|) is half the distance, which is known without the detour over u's norm.
  const double half = std::sqrt(c) * poincare_distance(x, y, c) / 2;
  return scaled(u, rest * half / std::sqrt(c * n));
}

Point parallel_transport(View v, View from, View to, double c) {
  const double factor = check_in_ball(to, c) / check_in_ball(from, c);
  return scaled(gyration(to, scaled(from, -1), v, c), factor);
}

Point geodesic(View x, View y, double t, double c) {
  check_same_dim(x, y);
  const Point u = mobius_add(scaled(x, -1), y, c);
  const double half = std::sqrt(c) * poincare_distance(x, y, c) / 2;
  return mobius_add(x, along(u, t * half, c), c);
}

Point project_to_ball(View x, double c, double eps) {
  if (!(eps > 0 && eps < 1))
    throw Error(ErrorCode::invalid_argument, "eps must be between 0 and 1, not " + number(eps));
  const double limit = (1 - eps) / std::sqrt(c), norm = std::sqrt(dot(x, x));
  return norm > limit ? scaled(x, limit / norm) : Point(x.begin(), x.end());
}

Point poincare_to_klein(View x, double c) {
  check_in_ball(x, c);
  return scaled(x, 2 / (1 + c * dot(x, x)));
}

Point klein_to_poincare(View x, double c) {
  return scaled(x, 1 / (1 + std::sqrt(check_in_ball(x, c, "Klein"))));
}

double busemann(View x, View xi, double c) {
  check_same_dim(x, xi);
  const double rest = check_in_ball(x, c), norm = std::sqrt(dot(xi, xi)), root = std::sqrt(c);
  if (norm == 0)
    throw Error(ErrorCode::invalid_argument, "ideal point must not be the zero vector");
  double s = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = xi[i] / norm - root * x[i];
    s += d * d;
  }
  return std::log(s / rest) / root;
}

double entailment_half_aperture(View x, double k, double c) {
  if (!(k > 0) || !std::isfinite(k))
    throw Error(ErrorCode::invalid_argument, "cone constant must be positive, not " + number(k));
  const double rest = check_in_ball(x, c), norm = std::sqrt(c * dot(x, x));
  return k * rest >= norm ? std::numbers::pi / 2 : std::asin(k * rest / norm);
}

double entailment_angle(View x, View y, double c) {
  check_same_dim(x, y);
  check_in_ball(x, c);
  check_in_ball(y, c);
  const double xx = c * dot(x, x), yy = c * dot(y, y), xy = c * dot(x, y);
  const double difference = std::sqrt(c * squared_difference(x, y));
  if (xx == 0 || difference == 0) return 0;  // every direction is outward from the origin
  const double cosine = (xy * (1 + xx) - xx * (1 + yy)) /
                        (std::sqrt(xx) * difference * std::sqrt(1 + xx * yy - 2 * xy));
  return std::acos(std::fmin(1, std::fmax(-1, cosine)));
}

}  // namespace rv::geometry
