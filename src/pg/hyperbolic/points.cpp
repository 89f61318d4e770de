#include "pg/hyperbolic/points.h"

namespace rv::pg {

geometry::Point point_argument(FunctionCallInfo fcinfo, int n) {
  const DenseArg<Vector> v(fcinfo, n);
  return {v.x(), v.x() + v.dim()};
}

double curvature_argument(FunctionCallInfo fcinfo, int n) {
  return geometry::positive_c(PG_GETARG_FLOAT8(n));
}

Datum vector_datum(geometry::View x) {
  check_dim(static_cast<int>(x.size()), kMaxDim, Vector::kName);
  auto* out = make_dense<Vector>(static_cast<int>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    out->x[i] = static_cast<float>(x[i]);
    if (!std::isfinite(out->x[i])) fail_overflow();
  }
  return PointerGetDatum(out);
}

Datum ball_datum(geometry::View x, double c) {
  return vector_datum(geometry::project_to_ball(x, c, 0x1p-20));
}

}  // namespace rv::pg
