// Every operation against its textbook formula in long double: other curvatures, dimensions and
// points than the golden file has.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/base/rng.h"
#include "core/geometry/lorentz.h"
#include "core/geometry/mean.h"
#include "core/geometry/poincare.h"

namespace rv::geometry {
namespace {

using Real = long double;
using Vec = std::vector<Real>;

Real product(const Vec& a, const Vec& b) {
  Real s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}
Real norm(const Vec& a) { return std::sqrt(product(a, a)); }
Vec times(Real r, Vec x) {
  for (Real& v : x) v *= r;
  return x;
}
Vec plus(Vec x, const Vec& y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  return x;
}

Vec add(const Vec& x, const Vec& y, Real c) {
  const Real xy = c * product(x, y), xx = c * product(x, x), yy = c * product(y, y);
  return times(1 / (1 + 2 * xy + xx * yy), plus(times(1 + 2 * xy + yy, x), times(1 - xx, y)));
}
Vec minus(const Vec& x) { return times(-1, x); }
Real lambda(const Vec& x, Real c) { return 2 / (1 - c * product(x, x)); }
Vec along(const Vec& x, Real length, Real c) {  // tanh(length) of the radius, in the direction of x
  const Real n = norm(x);
  return n == 0 ? x : times(std::tanh(length) / (std::sqrt(c) * n), x);
}
Vec scalar(Real r, const Vec& x, Real c) {
  return along(x, r * std::atanh(std::sqrt(c) * norm(x)), c);
}
Vec exp_at(const Vec& x, const Vec& v, Real c) {
  return add(x, along(v, std::sqrt(c) * lambda(x, c) * norm(v) / 2, c), c);
}
Vec log_at(const Vec& x, const Vec& y, Real c) {
  const Vec u = add(minus(x), y, c);
  const Real n = norm(u);
  return n == 0 ? u
                : times(2 / (std::sqrt(c) * lambda(x, c)) * std::atanh(std::sqrt(c) * n) / n, u);
}
Vec gyrated(const Vec& u, const Vec& v, const Vec& w, Real c) {
  return add(minus(add(u, v, c)), add(u, add(v, w, c), c), c);
}
Real distance(const Vec& x, const Vec& y, Real c) {
  return 2 / std::sqrt(c) * std::atanh(std::sqrt(c) * norm(add(minus(x), y, c)));
}
Vec lifted(const Vec& x, Real c) {  // from the ball to the hyperboloid
  const Real xx = c * product(x, x);
  Vec out{(1 + xx) / ((1 - xx) * std::sqrt(c))};
  for (const Real v : x) out.push_back(2 * v / (1 - xx));
  return out;
}
Real minkowski(const Vec& x, const Vec& y) { return product(x, y) - 2 * x[0] * y[0]; }

struct FormulaCase {
  std::size_t dim;
  Real c, radius;  // points up to this share of the ball's radius
};
constexpr FormulaCase kCases[] = {
    {1, 1, 0.9L}, {2, 0.3L, 0.99L}, {3, 4, 0.7L}, {17, 1.7L, 0.95L}, {5, 0.05L, 0.8L}};

// Calls check(x, y, z, c) for points of every case.
void each(const std::function<void(const Vec&, const Vec&, const Vec&, Real)>& check) {
  Rng rng(11);
  for (const FormulaCase& k : kCases)
    for (int i = 0; i < 40; ++i) {
      const auto point = [&] {
        Vec x(k.dim);
        for (Real& v : x) v = rng.normal();
        x = times(k.radius * rng.uniform() / (std::sqrt(k.c) * norm(x)), x);
        for (Real& v : x) v = static_cast<double>(v);  // what the functions are given
        return x;
      };
      check(point(), point(), point(), static_cast<double>(k.c));
    }
}

Point given(const Vec& x) { return {x.begin(), x.end()}; }
double given(Real x) { return static_cast<double>(x); }

void near(double got, Real want, const char* what, double tolerance = 1e-10) {
  EXPECT_NEAR(got, given(want), tolerance * (1 + std::fabs(given(want)))) << what;
}
void near(const Point& got, const Vec& want, const char* what, double tolerance = 1e-10) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) near(got[i], want[i], what, tolerance);
}

TEST(GeometryFormula, Ball) {
  each([](const Vec& x, const Vec& y, const Vec& z, Real c) {
    const Point a = given(x), b = given(y), w = given(z);
    const double k = given(c);
    near(poincare_distance(a, b, k), distance(x, y, c), "distance");
    near(mobius_add(a, b, k), add(x, y, c), "mobius_add");
    near(mobius_sub(a, b, k), add(x, minus(y), c), "mobius_sub");
    for (const Real r : {-1.5L, 0.0L, 0.3L, 2.0L})
      near(mobius_scalar_mul(given(r), a, k), scalar(r, x, c), "mobius_scalar_mul", 1e-9);
    near(gyration(a, b, w, k), gyrated(x, y, z, c), "gyration", 1e-8);
    near(conformal_factor(a, k), lambda(x, c), "conformal_factor");
    near(exp_map_origin(w, k), along(z, std::sqrt(c) * norm(z), c), "exp_map_origin");
    near(log_map_origin(a, k), log_at(Vec(x.size()), x, c), "log_map_origin");
    near(exp_map(a, w, k), exp_at(x, z, c), "exp_map");
    near(log_map(a, b, k), log_at(x, y, c), "log_map", 1e-9);
    near(parallel_transport(w, a, b, k),
         times(lambda(x, c) / lambda(y, c), gyrated(y, minus(x), z, c)), "parallel_transport",
         1e-7);
    for (const Real t : {0.0L, 0.25L, 0.5L, 1.0L})
      near(geodesic(a, b, given(t), k), add(x, scalar(t, add(minus(x), y, c), c), c), "geodesic",
           1e-9);
    near(busemann(a, b, k),
         std::log(std::pow(norm(plus(times(1 / norm(y), y), times(-std::sqrt(c), x))), 2) /
                  (1 - c * product(x, x))) /
             std::sqrt(c),
         "busemann");
    const Point far = project_to_ball(given(times(3 / (std::sqrt(c) * norm(z)), z)), k, 0.01);
    near(far, times(0.99L / (std::sqrt(c) * norm(z)), z), "project");
    near(project_to_ball(a, k, 1e-9), x, "project inside");
  });
}

TEST(GeometryFormula, MatrixVectorProduct) {
  Rng rng(12);
  each([&](const Vec& x, const Vec&, const Vec&, Real c) {
    const std::size_t rows = 4;
    Point m(rows * x.size());
    Vec mx(rows);
    for (std::size_t i = 0; i < m.size(); ++i) {
      m[i] = rng.normal();
      mx[i / x.size()] += m[i] * x[i % x.size()];
    }
    const Real n = norm(x);
    const Vec want = n == 0 ? mx : along(mx, norm(mx) / n * std::atanh(std::sqrt(c) * n), c);
    near(mobius_matvec(m, given(x), given(c)), want, "mobius_matvec", 1e-9);
  });
}

TEST(GeometryFormula, Cones) {
  each([](const Vec& x, const Vec& y, const Vec&, Real c) {
    const Real root = std::sqrt(c), n = root * norm(x);
    const Real sine = 0.1L * (1 - n * n) / n;
    near(entailment_half_aperture(given(x), 0.1, given(c)),
         sine >= 1 ? std::acos(-1.0L) / 2 : std::asin(sine), "half aperture");
    // The angle at x between the geodesics away from the origin and towards y.
    const Vec out = x, to = log_at(x, y, c);
    near(entailment_angle(given(x), given(y), given(c)),
         std::acos(std::fmin(1.0L, std::fmax(-1.0L, product(out, to) / (norm(out) * norm(to))))),
         "angle", 1e-6);
  });
}

TEST(GeometryFormula, Hyperboloid) {
  each([](const Vec& x, const Vec& y, const Vec& z, Real c) {
    const Vec lx = lifted(x, c), ly = lifted(y, c);
    const double k = given(c);
    const Point a = given(lx), b = given(ly);
    near(poincare_to_lorentz(given(x), k), lx, "to lorentz", 1e-9);
    near(lorentz_to_poincare(a, k), x, "to poincare", 1e-9);
    near(poincare_to_klein(given(x), k), times(2 / (1 + c * product(x, x)), x), "to klein");
    near(lorentz_lift({a.begin() + 1, a.end()}, k), lx, "lift", 1e-9);
    near(minkowski_dot(a, b), minkowski(lx, ly), "product", 1e-9);
    near(lorentz_distance(a, b, k), distance(x, y, c), "distance", 1e-6);
    Vec u{0.3L};
    u.insert(u.end(), z.begin(), z.end());
    const Vec tangent = plus(u, times(c * minkowski(lx, u), lx));
    const Real scale = 1 + std::fabs(lx[0]) * std::fabs(lx[0]);
    near(lorentz_project_tangent(a, given(u), k), tangent, "tangent", given(1e-9L * scale));
    const Real n = std::sqrt(std::fmax(0.0L, minkowski(tangent, tangent))), s = std::sqrt(c) * n;
    if (s > 1e-6L && s < 5)
      near(lorentz_exp_map(a, given(tangent), k),
           plus(times(std::cosh(s), lx), times(std::sinh(s) / s, tangent)), "exp",
           given(1e-9L * scale));
    const Real beta = -c * minkowski(lx, ly);
    if (beta > 1 + 1e-6L) {
      const Vec step =
          times(std::acosh(beta) / std::sqrt(beta * beta - 1), plus(ly, times(-beta, lx)));
      near(lorentz_log_map(a, b, k), step, "log", given(1e-8L * scale * ly[0]));
      near(lorentz_parallel_transport(given(tangent), a, b, k),
           plus(tangent, times(c * minkowski(ly, tangent) / (1 + beta), plus(lx, ly))), "transport",
           given(1e-7L * scale * ly[0]));
    }
  });
}

// Through the Klein model: the mean weighted with Lorentz factors.
TEST(GeometryFormula, Midpoint) {
  each([](const Vec& x, const Vec& y, const Vec& z, Real c) {
    Vec sum(x.size());
    Real total = 0;
    Midpoint middle;
    Real w = 0.5L;
    for (const Vec* p : {&x, &y, &z}) {
      const Vec klein = times(2 / (1 + c * product(*p, *p)), *p);
      const Real factor = w / std::sqrt(1 - c * product(klein, klein));
      sum = plus(sum, times(factor, klein));
      total += factor;
      middle.add(given(*p), given(w), given(c));
      w += 0.75L;
    }
    const Vec mean = times(1 / total, sum);
    near(middle.result(given(c)), times(1 / (1 + std::sqrt(1 - c * product(mean, mean))), mean),
         "midpoint", 1e-9);
  });
}

}  // namespace
}  // namespace rv::geometry
