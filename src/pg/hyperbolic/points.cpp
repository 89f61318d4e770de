#include "pg/hyperbolic/points.h"

namespace rv::pg {

geometry::Point point_argument(FunctionCallInfo fcinfo, int n) {
  const DenseArg<Vector> v(fcinfo, n);
  return {v.x(), v.x() + v.dim()};
}

double curvature_argument(FunctionCallInfo fcinfo, int n) {
  return geometry::positive_c(PG_GETARG_FLOAT8(n));
}

Datum ball_datum(geometry::View x, double c) {
  return vector_datum(geometry::project_to_ball(x, c, 0x1p-20));
}

}  // namespace rv::pg
