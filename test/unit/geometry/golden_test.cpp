// Every hyperbolic operation against values computed with 60 digits.
#include <functional>
#include <map>

#include "../base/golden.h"
#include "core/geometry/lorentz.h"
#include "core/geometry/mean.h"
#include "core/geometry/poincare.h"

namespace rv::geometry {
namespace {

using golden::Json;
using Values = std::vector<double>;

struct GoldenCase {
  const Json& inputs;
  const Json& params;
  double c;
  Values in(const char* name) const { return golden::flat(inputs.at(name)); }
  Values lifted(const char* name) const { return lorentz_lift(in(name), c); }
  double param(const char* name) const { return params.at(name).get<double>(); }
};

Midpoint midpoint_of(const GoldenCase& k) {
  Midpoint m;
  const Values weights = k.in("weights");
  const Json& points = k.inputs.at("points");
  for (std::size_t i = 0; i < points.size(); ++i) m.add(golden::flat(points[i]), weights[i], k.c);
  return m;
}

const std::map<std::string, std::function<Values(const GoldenCase&)>>& operations() {
  static const std::map<std::string, std::function<Values(const GoldenCase&)>> table = {
      {"poincare_distance",
       [](const GoldenCase& k) { return Values{poincare_distance(k.in("x"), k.in("y"), k.c)}; }},
      {"mobius_add", [](const GoldenCase& k) { return mobius_add(k.in("x"), k.in("y"), k.c); }},
      {"mobius_sub", [](const GoldenCase& k) { return mobius_sub(k.in("x"), k.in("y"), k.c); }},
      {"mobius_scalar_mul",
       [](const GoldenCase& k) { return mobius_scalar_mul(k.param("r"), k.in("x"), k.c); }},
      {"mobius_matvec",
       [](const GoldenCase& k) { return mobius_matvec(k.in("M"), k.in("x"), k.c); }},
      {"exp_map_origin", [](const GoldenCase& k) { return exp_map_origin(k.in("v"), k.c); }},
      {"log_map_origin", [](const GoldenCase& k) { return log_map_origin(k.in("y"), k.c); }},
      {"exp_map", [](const GoldenCase& k) { return exp_map(k.in("x"), k.in("v"), k.c); }},
      {"log_map", [](const GoldenCase& k) { return log_map(k.in("x"), k.in("y"), k.c); }},
      {"conformal_factor",
       [](const GoldenCase& k) { return Values{conformal_factor(k.in("x"), k.c)}; }},
      {"gyration",
       [](const GoldenCase& k) { return gyration(k.in("u"), k.in("v"), k.in("w"), k.c); }},
      {"parallel_transport",
       [](const GoldenCase& k) {
         return parallel_transport(k.in("v"), k.in("x"), k.in("y"), k.c);
       }},
      {"geodesic",
       [](const GoldenCase& k) { return geodesic(k.in("x"), k.in("y"), k.param("t"), k.c); }},
      {"geodesic_midpoint",
       [](const GoldenCase& k) { return geodesic(k.in("x"), k.in("y"), 0.5, k.c); }},
      {"poincare_to_lorentz",
       [](const GoldenCase& k) { return poincare_to_lorentz(k.in("x"), k.c); }},
      {"poincare_to_klein", [](const GoldenCase& k) { return poincare_to_klein(k.in("x"), k.c); }},
      {"klein_to_poincare", [](const GoldenCase& k) { return klein_to_poincare(k.in("x"), k.c); }},
      {"lorentz_to_klein",
       [](const GoldenCase& k) { return lorentz_to_klein(k.lifted("space"), k.c); }},
      {"lorentz_lift", [](const GoldenCase& k) { return k.lifted("space"); }},
      {"minkowski_dot",
       [](const GoldenCase& k) {
         return Values{minkowski_dot(k.lifted("x_space"), k.lifted("y_space"))};
       }},
      {"lorentz_distance",
       [](const GoldenCase& k) {
         return Values{lorentz_distance(k.lifted("x_space"), k.lifted("y_space"), k.c)};
       }},
      {"lorentz_to_poincare",
       [](const GoldenCase& k) { return lorentz_to_poincare(k.lifted("space"), k.c); }},
      {"lorentz_project_tangent",
       [](const GoldenCase& k) {
         return lorentz_project_tangent(k.lifted("x_space"), k.in("u"), k.c);
       }},
      {"lorentz_exp_map",
       [](const GoldenCase& k) { return lorentz_exp_map(k.lifted("x_space"), k.in("u"), k.c); }},
      {"lorentz_log_map",
       [](const GoldenCase& k) {
         return lorentz_log_map(k.lifted("x_space"), k.lifted("y_space"), k.c);
       }},
      {"lorentz_parallel_transport",
       [](const GoldenCase& k) {
         return lorentz_parallel_transport(k.in("u"), k.lifted("x_space"), k.lifted("y_space"),
                                           k.c);
       }},
      {"einstein_midpoint", [](const GoldenCase& k) { return midpoint_of(k).result(k.c); }},
      {"lorentz_centroid", [](const GoldenCase& k) { return midpoint_of(k).result(k.c); }},
      {"frechet_mean",
       [](const GoldenCase& k) {
         const std::size_t n = k.inputs.at("points")[0].size();
         return frechet_mean(k.in("points"), n, k.in("weights"), k.c, never_stop).point;
       }},
      {"busemann",
       [](const GoldenCase& k) { return Values{busemann(k.in("x"), k.in("xi"), k.c)}; }},
      {"entailment_half_aperture",
       [](const GoldenCase& k) {
         return Values{entailment_half_aperture(k.in("x"), k.param("K"), k.c)};
       }},
      {"entailment_angle",
       [](const GoldenCase& k) { return Values{entailment_angle(k.in("x"), k.in("y"), k.c)}; }},
      {"project",
       [](const GoldenCase& k) { return project_to_ball(k.in("x"), k.c, k.param("eps")); }},
  };
  return table;
}

TEST(HyperbolicGolden, EveryOperationAgrees) {
  const Json cases = golden::cases("hyperbolic.json");
  if (cases.empty()) GTEST_SKIP() << "no golden/hyperbolic.json: set RUVECTOR_SHARED";
  int checked = 0;
  for (const Json& k : cases) {
    const auto op = k.at("op").get<std::string>();
    ASSERT_TRUE(operations().contains(op)) << op;
    const GoldenCase c{k.at("inputs"), k.at("params"),
                       positive_c(k.at("params").at("curvature").get<double>())};
    EXPECT_TRUE(
        golden::close(operations().at(op)(c), k.at("expected"), k.at("tolerance").at("float64")))
        << op << ' ' << k.at("note") << ' ' << k.at("inputs") << k.at("params");
    ++checked;
  }
  EXPECT_GE(checked, 300);
}

}  // namespace
}  // namespace rv::geometry
