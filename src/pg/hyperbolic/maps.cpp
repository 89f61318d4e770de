// Moebius operations, exponential and logarithmic maps, transports, conversions between models.
#include "core/geometry/lorentz.h"
#include "core/hyperbolic/embed_point.h"
#include "pg/hyperbolic/points.h"

using namespace rv;
using namespace rv::pg;

#define RV_BALL_OF_TWO(symbol, operation)                                                 \
  RV_FUNCTION(symbol)                                                                     \
  {                                                                                       \
    const double c = curvature_argument(fcinfo, 2);                                       \
    return ball_datum(                                                                    \
        geometry::operation(point_argument(fcinfo, 0), point_argument(fcinfo, 1), c), c); \
  }
RV_BALL_OF_TWO(rv_mobius_add, mobius_add)
RV_BALL_OF_TWO(rv_mobius_sub, mobius_sub)
RV_BALL_OF_TWO(rv_exp_map, exp_map)

#define RV_VECTOR_OF_TWO(symbol, operation)                                                       \
  RV_FUNCTION(symbol)                                                                             \
  {                                                                                               \
    return vector_datum(geometry::operation(point_argument(fcinfo, 0), point_argument(fcinfo, 1), \
                                            curvature_argument(fcinfo, 2)));                      \
  }
RV_VECTOR_OF_TWO(rv_log_map, log_map)
RV_VECTOR_OF_TWO(rv_lorentz_exp_map, lorentz_exp_map)
RV_VECTOR_OF_TWO(rv_lorentz_log_map, lorentz_log_map)
RV_VECTOR_OF_TWO(rv_lorentz_project_tangent, lorentz_project_tangent)

#define RV_BALL_OF_ONE(symbol, operation)                                    \
  RV_FUNCTION(symbol)                                                        \
  {                                                                          \
    const double c = curvature_argument(fcinfo, 1);                          \
    return ball_datum(geometry::operation(point_argument(fcinfo, 0), c), c); \
  }
RV_BALL_OF_ONE(rv_exp_map_origin, exp_map_origin)
RV_BALL_OF_ONE(rv_lorentz_to_poincare, lorentz_to_poincare)
RV_BALL_OF_ONE(rv_lorentz_to_klein, lorentz_to_klein)
RV_BALL_OF_ONE(rv_poincare_to_klein, poincare_to_klein)
RV_BALL_OF_ONE(rv_klein_to_poincare, klein_to_poincare)

#define RV_VECTOR_OF_ONE(symbol, operation)                                             \
  RV_FUNCTION(symbol)                                                                   \
  {                                                                                     \
    return vector_datum(                                                                \
        geometry::operation(point_argument(fcinfo, 0), curvature_argument(fcinfo, 1))); \
  }
RV_VECTOR_OF_ONE(rv_log_map_origin, log_map_origin)
RV_VECTOR_OF_ONE(rv_poincare_to_lorentz, poincare_to_lorentz)
RV_VECTOR_OF_ONE(rv_klein_to_lorentz, klein_to_lorentz)
RV_VECTOR_OF_ONE(rv_lorentz_lift, lorentz_lift)

#define RV_TRANSPORT(symbol, operation)                                                           \
  RV_FUNCTION(symbol)                                                                             \
  {                                                                                               \
    return vector_datum(geometry::operation(point_argument(fcinfo, 0), point_argument(fcinfo, 1), \
                                            point_argument(fcinfo, 2),                            \
                                            curvature_argument(fcinfo, 3)));                      \
  }
RV_TRANSPORT(rv_parallel_transport, parallel_transport)
RV_TRANSPORT(rv_lorentz_parallel_transport, lorentz_parallel_transport)
RV_TRANSPORT(rv_gyration, gyration)

RV_FUNCTION(rv_mobius_scalar_mul)
{
  const double c = curvature_argument(fcinfo, 2);
  return ball_datum(geometry::mobius_scalar_mul(PG_GETARG_FLOAT8(0), point_argument(fcinfo, 1), c),
                    c);
}

RV_FUNCTION(rv_geodesic)
{
  const double c = curvature_argument(fcinfo, 3);
  return ball_datum(geometry::geodesic(point_argument(fcinfo, 0), point_argument(fcinfo, 1),
                                       PG_GETARG_FLOAT8(2), c),
                    c);
}

RV_FUNCTION(rv_geodesic_midpoint)
{
  const double c = curvature_argument(fcinfo, 2);
  return ball_datum(
      geometry::geodesic(point_argument(fcinfo, 0), point_argument(fcinfo, 1), 0.5, c), c);
}

// The matrix is a vector[]: one element a row.
RV_FUNCTION(rv_mobius_matvec)
{
  const geometry::Point x = point_argument(fcinfo, 1);
  const double c = curvature_argument(fcinfo, 2);
  const Datum d = PG_GETARG_DATUM(0);
  struct Rows {
    Datum* elements;
    int count;
  };
  const Rows rows = call([d] {
    ArrayType* array = DatumGetArrayTypeP(d);
    if (array_contains_nulls(array))
      ereport(ERROR,
              (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("matrix must not contain nulls")));
    Rows r{nullptr, 0};
    deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &r.elements, nullptr,
                      &r.count);
    for (int i = 0; i < r.count; ++i)
      r.elements[i] = PointerGetDatum(PG_DETOAST_DATUM(r.elements[i]));
    return r;
  });
  geometry::Point matrix;
  for (int i = 0; i < rows.count; ++i) {
    const auto* row =
        reinterpret_cast<const DenseVarlena<Vector>*>(DatumGetPointer(rows.elements[i]));
    check_same_dim(row->dim, static_cast<int>(x.size()), Vector::kName);
    matrix.insert(matrix.end(), row->x, row->x + row->dim);
  }
  if (matrix.empty()) throw Error(ErrorCode::data_exception, "matrix must have at least 1 row");
  return ball_datum(geometry::mobius_matvec(matrix, x, c), c);
}

RV_FUNCTION(rv_poincare_project)
{
  const double c = curvature_argument(fcinfo, 1);
  return ball_datum(geometry::project_to_ball(point_argument(fcinfo, 0), c, PG_GETARG_FLOAT8(2)),
                    c);
}

RV_FUNCTION(rv_project_to_hyperbolic)
{
  const auto model = hyperbolic::model_of(text_argument(fcinfo, 1));
  const double c = curvature_argument(fcinfo, 2);
  return vector_datum(
      hyperbolic::project(model, point_argument(fcinfo, 0), c, PG_GETARG_FLOAT8(3)));
}

// Not strict: the centroid is needed by one method only.
RV_FUNCTION(rv_to_poincare)
{
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  const double c = curvature_argument(fcinfo, 1);
  const geometry::Point centroid = PG_ARGISNULL(3) ? geometry::Point() : point_argument(fcinfo, 3);
  return ball_datum(hyperbolic::to_poincare(point_argument(fcinfo, 0), c, text_argument(fcinfo, 2),
                                            centroid, 1e-5),
                    c);
}

RV_FUNCTION(rv_to_unit_curvature)
{
  const double root = std::sqrt(curvature_argument(fcinfo, 1));
  geometry::Point x = point_argument(fcinfo, 0);
  for (double& v : x) v *= root;
  return vector_datum(x);
}
