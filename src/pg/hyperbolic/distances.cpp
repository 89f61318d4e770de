// Distances of hyperbolic space: functions and the operators <~> and <&>.
#include "core/geometry/lorentz.h"
#include "core/hyperbolic/embed_point.h"
#include "pg/hyperbolic/points.h"

using namespace rv;
using namespace rv::pg;

RV_FUNCTION(rv_poincare_distance)
{
  const DensePair<Vector> p(fcinfo);
  const double c = PG_NARGS() > 2 ? curvature_argument(fcinfo, 2) : 1.0;
  return Float8GetDatum(
      geometry::poincare_distance(p.a.x(), p.b.x(), static_cast<std::size_t>(p.dim()), c));
}

RV_FUNCTION(rv_lorentz_distance)
{
  const DensePair<Vector> p(fcinfo);
  const double c = PG_NARGS() > 2 ? curvature_argument(fcinfo, 2) : 1.0;
  return Float8GetDatum(
      geometry::lorentz_distance(p.a.x(), p.b.x(), static_cast<std::size_t>(p.dim()), c));
}

RV_FUNCTION(rv_klein_distance)
{
  return Float8GetDatum(geometry::klein_distance(
      point_argument(fcinfo, 0), point_argument(fcinfo, 1), curvature_argument(fcinfo, 2)));
}

RV_FUNCTION(rv_hyperbolic_distance)
{
  return Float8GetDatum(hyperbolic::distance(hyperbolic::model_of(text_argument(fcinfo, 2)),
                                             point_argument(fcinfo, 0), point_argument(fcinfo, 1),
                                             curvature_argument(fcinfo, 3)));
}

RV_FUNCTION(rv_minkowski_dot)
{
  const DensePair<Vector> p(fcinfo);
  return Float8GetDatum(
      geometry::minkowski_dot(point_argument(fcinfo, 0), point_argument(fcinfo, 1)));
}

RV_FUNCTION(rv_busemann)
{
  return Float8GetDatum(geometry::busemann(point_argument(fcinfo, 0), point_argument(fcinfo, 1),
                                           curvature_argument(fcinfo, 2)));
}

RV_FUNCTION(rv_conformal_factor)
{
  return Float8GetDatum(
      geometry::conformal_factor(point_argument(fcinfo, 0), curvature_argument(fcinfo, 1)));
}

RV_FUNCTION(rv_entailment_half_aperture)
{
  return Float8GetDatum(geometry::entailment_half_aperture(
      point_argument(fcinfo, 0), PG_GETARG_FLOAT8(1), curvature_argument(fcinfo, 2)));
}

RV_FUNCTION(rv_entailment_angle)
{
  return Float8GetDatum(geometry::entailment_angle(
      point_argument(fcinfo, 0), point_argument(fcinfo, 1), curvature_argument(fcinfo, 2)));
}

RV_FUNCTION(rv_entails)
{
  const auto ancestor = point_argument(fcinfo, 0), descendant = point_argument(fcinfo, 1);
  const double c = curvature_argument(fcinfo, 3);
  return BoolGetDatum(geometry::entailment_angle(ancestor, descendant, c) <=
                      geometry::entailment_half_aperture(ancestor, PG_GETARG_FLOAT8(2), c));
}

RV_FUNCTION(rv_is_a_score)
{
  return Float8GetDatum(hyperbolic::is_a_score(point_argument(fcinfo, 0), point_argument(fcinfo, 1),
                                               PG_GETARG_FLOAT8(2), curvature_argument(fcinfo, 3)));
}
