// Hyperbolic geometry by its own laws: isometries, inverses, agreement of the three models.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "core/base/error.h"
#include "core/base/rng.h"
#include "core/geometry/lorentz.h"
#include "core/geometry/mean.h"
#include "core/geometry/poincare.h"

namespace rv::geometry {
namespace {

// A point at hyperbolic distance up to `radius` from the origin.
Point random_point(Rng& rng, std::size_t n, double c, double radius = 3) {
  Point v(n);
  for (double& x : v) x = rng.normal();
  const double norm = std::sqrt(dot(v, v)), length = rng.uniform() * radius / (2 * std::sqrt(c));
  for (double& x : v) x *= length / norm;
  return exp_map_origin(v, c);
}

void expect_near(const Point& a, const Point& b, double tolerance = 1e-9) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance);
}

void expect_error(const std::string& part, const std::function<void()>& f) {
  try {
    f();
    ADD_FAILURE() << "no error: " << part;
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
}

TEST(Geometry, DistancesAgreeInTheThreeModelsAndWithTheirDefinitions) {
  Rng rng(3);
  for (const double c : {0.25, 1.0, 3.0})
    for (int i = 0; i < 50; ++i) {
      const Point x = random_point(rng, 4, c), y = random_point(rng, 4, c);
      double dd = 0;
      for (std::size_t j = 0; j < 4; ++j) dd += (x[j] - y[j]) * (x[j] - y[j]);
      const double d = poincare_distance(x, y, c);
      EXPECT_NEAR(
          d,
          std::acosh(1 + 2 * c * dd / ((1 - c * dot(x, x)) * (1 - c * dot(y, y)))) / std::sqrt(c),
          1e-7);
      EXPECT_NEAR(klein_distance(poincare_to_klein(x, c), poincare_to_klein(y, c), c), d, 1e-8);
      const Point lx = poincare_to_lorentz(x, c), ly = poincare_to_lorentz(y, c);
      EXPECT_NEAR(minkowski_dot(lx, lx), -1 / c, 1e-9 / c * lx[0] * lx[0]);
      EXPECT_NEAR(lorentz_distance(lx, ly, c), d, 1e-8);
      EXPECT_NEAR(std::acosh(-c * minkowski_dot(lx, ly)) / std::sqrt(c), d, 1e-6);
      expect_near(lorentz_to_poincare(lx, c), x);
      expect_near(klein_to_poincare(lorentz_to_klein(lx, c), c), x);
      expect_near(klein_to_lorentz(poincare_to_klein(x, c), c), lx, 1e-7);
    }
}

TEST(Geometry, MapsAreInverseAndTransportsKeepLengths) {
  Rng rng(4);
  for (const double c : {0.5, 1.0, 2.0})
    for (int i = 0; i < 50; ++i) {
      const Point x = random_point(rng, 3, c), y = random_point(rng, 3, c),
                  z = random_point(rng, 3, c);
      expect_near(exp_map(x, log_map(x, y, c), c), y);
      const Point u = log_map(x, y, c);
      EXPECT_NEAR(std::sqrt(dot(u, u)) * conformal_factor(x, c), poincare_distance(x, y, c), 1e-9);
      const Point moved = parallel_transport(u, x, z, c);
      EXPECT_NEAR(std::sqrt(dot(moved, moved)) * conformal_factor(z, c), poincare_distance(x, y, c),
                  1e-9);
      // Left translations are isometries; gyr[x, y] turns z.
      EXPECT_NEAR(poincare_distance(mobius_add(z, x, c), mobius_add(z, y, c), c),
                  poincare_distance(x, y, c), 1e-7);
      expect_near(mobius_add(x, mobius_add(y, z, c), c),
                  mobius_add(mobius_add(x, y, c), gyration(x, y, z, c), c), 1e-8);
      const Point middle = geodesic(x, y, 0.5, c);
      EXPECT_NEAR(poincare_distance(x, middle, c), poincare_distance(x, y, c) / 2, 1e-8);
      EXPECT_NEAR(poincare_distance(middle, y, c), poincare_distance(x, y, c) / 2, 1e-8);
      const Point lx = poincare_to_lorentz(x, c), ly = poincare_to_lorentz(y, c);
      expect_near(lorentz_exp_map(lx, lorentz_log_map(lx, ly, c), c), ly, 1e-7 * ly[0]);
    }
}

TEST(Geometry, MeansOfTwoPointsAreTheMidpointAndPartialSumsMerge) {
  Rng rng(5);
  for (const double c : {0.5, 1.0}) {
    const Point x = random_point(rng, 3, c), y = random_point(rng, 3, c);
    Midpoint a, b;
    a.add(x, 1, c);
    b.add(y, 1, c);
    const Midpoint copy = Midpoint::from_state(b.state());
    a.merge(copy);
    expect_near(a.result(c), geodesic(x, y, 0.5, c));
    Point both = x;
    both.insert(both.end(), y.begin(), y.end());
    const Mean mean = frechet_mean(both, 3, {}, c, never_stop);
    EXPECT_TRUE(mean.finished);
    expect_near(mean.point, geodesic(x, y, 0.5, c));
  }
}

TEST(Geometry, TheFrechetMeanIsAMinimum) {
  Rng rng(6);
  const double c = 1;
  Point points;
  std::vector<Point> each;
  for (int i = 0; i < 12; ++i) {
    each.push_back(random_point(rng, 3, c, 8));
    points.insert(points.end(), each.back().begin(), each.back().end());
  }
  const auto cost = [&](const Point& m) {
    double s = 0;
    for (const Point& p : each) s += std::pow(poincare_distance(m, p, c), 2);
    return s;
  };
  const Point mean = frechet_mean(points, 3, {}, c, never_stop).point;
  for (int i = 0; i < 30; ++i) {
    Point v(3);
    for (double& t : v) t = rng.normal() * 1e-3;
    EXPECT_LT(cost(mean), cost(exp_map(mean, v, c)));
  }
}

TEST(Geometry, ConesOfAncestorsHoldTheirDescendants) {
  const Point parent{0.3, 0}, child{0.6, 0.02}, other{-0.6, 0.1};
  const double aperture = entailment_half_aperture(parent, 0.1, 1);
  EXPECT_LT(entailment_angle(parent, child, 1), aperture);
  EXPECT_GT(entailment_angle(parent, other, 1), aperture);
  EXPECT_EQ(entailment_angle(Point{0, 0}, child, 1), 0);
  EXPECT_DOUBLE_EQ(entailment_half_aperture(Point{0, 0}, 0.1, 1), std::acos(0.0));
  EXPECT_LT(busemann(Point{0.5, 0}, Point{2, 0}, 1), 0);
  EXPECT_NEAR(busemann(Point{0, 0}, Point{0, 1}, 2), 0, 1e-15);
}

TEST(Geometry, WhatLiesOutsideIsRefused) {
  expect_error("curvature must be negative, not 0", [] { positive_c(0); });
  expect_error("curvature must be negative, not nan", [] { positive_c(std::nan("")); });
  expect_error("point of norm 1 is not inside the Poincare ball of radius 1", [] {
    poincare_distance(Point{0, 0}, Point{1, 0}, 1);
  });
  expect_error("not inside the Klein ball of radius 0.5", [] {
    klein_distance(Point{0, 0.6}, Point{0, 0}, 4);
  });
  expect_error("different vector dimensions 1 and 2", [] { mobius_add(Point{0}, Point{0, 0}, 1); });
  expect_error("not on the hyperboloid", [] { lorentz_distance(Point{1, 1}, Point{1, 0}, 1); });
  expect_error("at least 2 coordinates", [] { lorentz_point(Point{1}, 1); });
  expect_error("weights sum to zero", [] {
    Midpoint m;
    m.add(Point{0.1}, 0, 1);
    m.result(1);
  });
  const float on[] = {1, 0}, in[] = {0.5F, 0};
  expect_error("point of norm 1", [&] { poincare_distance(in, on, 2, 1); });
}

}  // namespace
}  // namespace rv::geometry
